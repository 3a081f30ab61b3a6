'use strict'

// Promise: Link is usable by everybody, in every pane: by keyboard, by screen reader, in both themes,
// on a phone, in applications with strict policies. It is small, and it always says that it is local.

const assert = require('node:assert/strict')
const fs = require('node:fs')
const path = require('node:path')
const { test } = require('node:test')
const { gzipSync } = require('node:zlib')
const { AXE_OPTIONS, useAxe, useBrowser } = require('./support/browser.js')
const link = require('./support/link.js')

const { open } = useBrowser()
const app = link.useApp(open)

const FRAME_MS = 1000 / 60
const PHONE = { width: 320, height: 568 }

for (const colorScheme of ['light', 'dark']) {
  test(`no pane has a violation of accessibility in the ${colorScheme} theme`, async (t) => {
    const { sandbox, page } = await app(t, { page: { ...AXE_OPTIONS, colorScheme } })
    await link.everyPane(sandbox, page, async (name) => {
      const check = await useAxe(await link.frameOf(page))
      await check(name)
    })
    // The search in the page, and the window of a bank.
    const token = await link.newToken(sandbox)
    await page.evaluate((token) => {
      const element = document.querySelector('#embedded')
      globalThis.handler = globalThis.create.embedded({ token }, element)
    }, token)
    const { heading, button, frame } = link.linkOf(page)
    await heading('Select')
    await (await useAxe(await link.frameOf(page)))('embedded')
    await frame.getByText('Platypus OAuth Bank').click()
    const [bank] = await Promise.all([
      page.waitForEvent('popup'),
      button('Continue to login').click(),
    ])
    await bank.getByRole('heading').waitFor()
    await (await useAxe(bank))('bank')
  })
}

test('every pane says that it is a local Sandbox, and has an exit', async (t) => {
  const { sandbox, page } = await app(t)
  const { frame, button } = link.linkOf(page)
  await link.everyPane(sandbox, page, async (name) => {
    assert.ok(await frame.getByText('Local Sandbox', { exact: true }).isVisible(), name)
    assert.ok(await frame.getByText('No real bank is contacted').isVisible(), name)
    assert.ok(await button('Exit').isEnabled(), name)
  })
})

test('nothing is cut off on a phone, and every control is large enough to tap', async (t) => {
  const { sandbox, page } = await app(t, { page: { viewport: PHONE, hasTouch: true } })
  await link.everyPane(sandbox, page, async (name) => {
    const frame = await link.frameOf(page)
    const found = await frame.evaluate(() => {
      const { scrollWidth, clientWidth } = document.documentElement
      const section = document.querySelector('section')
      const small = [...document.querySelectorAll('button, label:has(input)')]
        .filter((it) => it.getBoundingClientRect().height < 44)
        .map((it) => it.textContent)
      return [scrollWidth - clientWidth, section.scrollWidth - section.clientWidth, small]
    })
    assert.deepEqual(found, [0, 0, []], name)
  })
})

test('nothing moves by itself, and nothing is animated', async (t) => {
  const { sandbox, page } = await app(t)
  await page.context().addInitScript(() => {
    globalThis.shifts = []
    const observer = new PerformanceObserver((list) => {
      for (const entry of list.getEntries()) if (!entry.hadRecentInput) shifts.push(entry.value)
    })
    observer.observe({ type: 'layout-shift', buffered: true })
  })
  await page.reload()
  await link.everyPane(sandbox, page, async (name) => {
    const frame = await link.frameOf(page)
    const found = await frame.evaluate(() => [
      globalThis.shifts,
      [...document.querySelectorAll('*')].filter((element) => {
        const { transitionDuration, animationName } = getComputedStyle(element)
        return transitionDuration !== '0s' || animationName !== 'none'
      }).length,
    ])
    assert.deepEqual(found, [[], 0], name)
  })
})

/** Other processes use the CPU as well, so the best of several rounds counts. */
const ROUNDS = 3

test('a pane is drawn within one frame after the reply of the Sandbox', async (t) => {
  const { sandbox, page } = await app(t)
  // From the moment the reply is read until the page has its new layout.
  await page.context().addInitScript(() => {
    const { json } = Response.prototype
    Response.prototype.json = async function () {
      const value = await json.call(this)
      const at = performance.now()
      const observer = new MutationObserver(() => {
        observer.disconnect()
        document.body.getBoundingClientRect()
        globalThis.took = performance.now() - at
      })
      observer.observe(document.body, { subtree: true, childList: true, attributes: true })
      return value
    }
  })
  await page.reload()
  const best = new Map()
  for (let round = 0; round < ROUNDS; round += 1) {
    await link.everyPane(sandbox, page, async (name) => {
      const frame = await link.frameOf(page)
      const took = await frame.evaluate(() => globalThis.took)
      best.set(name, Math.min(best.get(name) ?? Infinity, took))
    })
  }
  for (const [name, took] of best) assert.ok(took <= FRAME_MS, `${name}: ${took} ms`)
})

test('a key in the search is handled within one frame', async (t) => {
  const { sandbox, page, button, heading, frame } = await app(t)
  await link.openLink(page, { token: await link.newToken(sandbox) })
  await button('Continue without phone number').click()
  await heading('Select')
  const inFrame = await link.frameOf(page)
  await inFrame.evaluate(() => {
    globalThis.times = []
    let at
    addEventListener('input', () => (at = performance.now()), { capture: true })
    addEventListener('input', () => {
      queueMicrotask(() => {
        document.body.getBoundingClientRect()
        globalThis.times.push(performance.now() - at)
      })
    })
  })
  const text = 'platypus'
  const best = Array(text.length).fill(Infinity)
  for (let round = 0; round < ROUNDS; round += 1) {
    await frame.getByPlaceholder('Search').fill('')
    await inFrame.evaluate(() => globalThis.times.splice(0))
    await frame.getByPlaceholder('Search').pressSequentially(text)
    const times = await inFrame.evaluate(() => globalThis.times)
    times.forEach((ms, key) => {
      best[key] = Math.min(best[key], ms)
    })
  }
  assert.ok(Math.max(...best) <= FRAME_MS, `${best} ms`)
})

test('the whole of Link works by keyboard, and Tab stays in it', async (t) => {
  const { sandbox, page, heading } = await app(t)
  const focused = async () =>
    (await link.frameOf(page)).evaluate(() => {
      const { activeElement: it } = document
      return it.labels?.[0]?.textContent ?? it.ariaLabel ?? it.innerText
    })
  const press = async (...keys) => {
    for (const key of keys) await page.keyboard.press(key)
  }
  const item = await sandbox.createItem()
  await page.focus('#open')
  await link.openLink(page, { token: await link.updateToken(sandbox, item) })
  await heading('Log in again')
  const order = []
  for (let i = 0; i < 5; i += 1) {
    order.push(await focused())
    await press('Tab')
  }
  const title = 'Log in again at First Platypus Bank'
  assert.deepEqual(order, [title, 'Username', 'Password', 'Submit', 'Exit'])
  assert.equal(await focused(), 'Username')
  await press('Shift+Tab', 'Shift+Tab')
  assert.equal(await focused(), 'Submit')
  await press('Tab', 'Tab')
  await page.keyboard.type('user_good')
  await press('Tab')
  await page.keyboard.type('wrong')
  await press('Enter')
  const { frame } = link.linkOf(page)
  await frame.getByRole('alert').getByText('INVALID_CREDENTIALS').waitFor()
  // The user can correct at once.
  assert.equal(await focused(), 'Username')
  await press('Tab', 'Control+A')
  await page.keyboard.type('pass_good')
  await press('Enter')
  await heading('Success')
  await press('Tab', 'Enter')
  await link.called(page, 'onSuccess')
  assert.equal(await page.evaluate(() => document.activeElement.id), 'open')
})

test('Escape leaves Link', async (t) => {
  const { sandbox, page, heading } = await app(t)
  await link.openLink(page, { token: await link.newToken(sandbox) })
  await heading('Connect')
  await page.keyboard.press('Escape')
  await link.called(page, 'onExit')
})

const CDN = link.ORIGIN
const SCRIPT = `${CDN}/link/v2/stable/link-initialize.js`
const POLICIES = {
  'Plaid’s documented policy':
    `default-src ${CDN}; script-src 'unsafe-inline' ${SCRIPT}; frame-src ${CDN}; ` +
    'connect-src https://production.plaid.com',
  'a policy with nonces': `default-src 'none'; script-src 'nonce-abc'; style-src 'nonce-abc'; frame-src ${CDN}`,
}

for (const [name, policy] of Object.entries(POLICIES)) {
  test(`Link runs in an application with ${name}`, async (t) => {
    const headers = { 'content-security-policy': policy }
    const { sandbox, page, ...ui } = await app(t, { app: { headers, nonce: 'abc' } })
    await completes(sandbox, page, ui)
  })
}

test('Link runs in an application with a Cross-Origin-Embedder-Policy', async (t) => {
  const headers = {
    'cross-origin-embedder-policy': 'require-corp',
    'cross-origin-opener-policy': 'same-origin',
  }
  const { sandbox, page, ...ui } = await app(t, { app: { headers } })
  assert.ok(await page.evaluate(() => globalThis.crossOriginIsolated))
  await completes(sandbox, page, ui)
})

test('Link runs from the address of the Sandbox, without interception', async (t) => {
  const { sandbox, page, ...ui } = await app(t)
  await page.context().unrouteAll()
  const embed = `${sandbox.url}/link/v2/stable/link-initialize.js`
  const other = await link.startApp(t, { embed })
  await page.goto(other.url)
  await completes(sandbox, page, ui)
})

/** The red, green and blue of the top left corner of the page, as a person sees it. */
async function corner(page) {
  const clip = { x: 0, y: 0, width: 1, height: 1 }
  const png = (await page.screenshot({ clip })).toString('base64')
  return page.evaluate(async (png) => {
    const image = new Image()
    image.src = `data:image/png;base64,${png}`
    await image.decode()
    const context = new OffscreenCanvas(1, 1).getContext('2d')
    context.drawImage(image, 0, 0)
    return [...context.getImageData(0, 0, 1, 1).data].slice(0, 3)
  }, png)
}

// A frame whose colour scheme differs from that of its document is opaque.
for (const colorScheme of ['light', 'dark']) {
  test(`the application is seen through Link's frame in the ${colorScheme} theme`, async (t) => {
    const { sandbox, page, heading } = await app(t, { page: { colorScheme } })
    for (const scheme of ['light', 'dark', 'light dark', 'normal']) {
      await page.evaluate((scheme) => {
        document.documentElement.style.colorScheme = scheme
        document.body.style.background = 'rgb(255, 0, 0)'
      }, scheme)
      await link.openLink(page, { token: await link.newToken(sandbox) })
      await heading('Connect')
      const [red, green] = await corner(page)
      assert.ok(red > 60 && green < 60, `${scheme}: ${red} ${green}`)
      await link.forget(page)
    }
  })
}

test('Link’s script and page have at most 40 KB, compressed', () => {
  const root = path.join(__dirname, '../link')
  const files = ['dist/index.html', 'link-initialize.js'].map((name) => path.join(root, name))
  const bytes = files.map((file) => gzipSync(fs.readFileSync(file)).length)
  assert.ok(bytes[0] + bytes[1] <= 40_000, `${bytes} bytes`)
})

/** Repairs an Item in update mode. */
async function completes(sandbox, page, { button, heading, logIn }) {
  const item = await sandbox.createItem()
  await link.openLink(page, { token: await link.updateToken(sandbox, item) })
  await heading('Log in again')
  await logIn()
  await button('Continue').click()
  await link.called(page, 'onSuccess')
}
