'use strict'

// Promise: nothing on the page moves by itself, every target is large enough, the focus is always
// visible, and the browser logs no complaint.

const assert = require('node:assert/strict')
const { test } = require('node:test')
const {
  breakItem,
  panelOf,
  partsOf,
  reachable,
  send,
  startConsole,
  startConsoleCommand,
  startFakeGateway,
  unfold,
  updatePageOf,
  useBrowser,
} = require('./support/browser.js')
const { PRODUCTION_TOKEN, SECRET } = require('./support/client.js')

const { open, openPanel } = useBrowser()

const DESKTOP = { width: 1280, height: 900 }
const PHONE = { width: 390, height: 844 }
const NARROW = { width: 320, height: 640 }

/** The two versions of the page: each starts its server and returns the page's URL. */
const PAGES = {
  'of a gateway': async (t) => (await startConsole(t)).gateway.url,
  'with the Sandbox': async (t) => (await startConsoleCommand(t)).url,
}

/** Opens a page and waits until it is connected. */
async function openWatched(t, url, options) {
  const page = await open(t, url, options)
  await reachable(page)
  const { panel, live } = panelOf(page)
  if ((await panel.count()) > 0) await live.waitFor()
  await watch(page)
  return page
}

/** Records the page's layout shifts, also those until now. */
async function watch(page) {
  await page.evaluate(() => {
    globalThis.shifts = []
    const observer = new PerformanceObserver((list) => globalThis.shifts.push(...list.getEntries()))
    observer.observe({ type: 'layout-shift', buffered: true })
  })
}

/**
 * The elements that moved since the last call, also those moved by a key. Not counted: an element
 * that changes its width and keeps an edge or its centre, code, and rows of a list whose newest is
 * first. All of these change within a box that stays.
 */
async function moved(page) {
  await frames(page)
  return page.evaluate(() => {
    const sources = globalThis.shifts.splice(0).flatMap((shift) => shift.sources)
    return sources.flatMap(({ node, previousRect: from, currentRect: to }) => {
      const [left, right] = [to.left - from.left, to.right - from.right]
      const stays = [left, right, left + right].some((it) => Math.abs(it) < 2)
      const element = node instanceof Element ? node : node?.parentElement
      if (element?.closest('pre, .history, .webhooks ol') || (stays && to.top === from.top))
        return []
      return [`${element?.outerHTML.slice(0, 99)} from ${JSON.stringify([from, to])}`]
    })
  })
}

/** Waits until observers have been notified about the last frame. */
function frames(page) {
  return page.evaluate(
    () =>
      new Promise((resolve) => {
        requestAnimationFrame(() => requestAnimationFrame(() => setTimeout(resolve)))
      }),
  )
}

/** Every field, and a text that shows its longest hint. */
function mistakesOf(page) {
  const { authentication, input, token, url } = partsOf(page)
  return [
    [authentication.getByLabel('Client ID'), 'ü'],
    [authentication.getByLabel('Secret', { exact: true }), 'access-sandbox-1'],
    [token, SECRET],
    [input('client_id'), 'no client id'],
    [input('secret'), 'access-sandbox-1'],
    [input('access_token'), PRODUCTION_TOKEN],
    [url, 'http://localhost:4000/?token='],
  ]
}

for (const [which, start] of Object.entries(PAGES)) {
  for (const [screen, viewport] of Object.entries({
    desktop: DESKTOP,
    phone: PHONE,
    narrow: NARROW,
  })) {
    test(`nothing moves on the page ${which} while it loads or while typing, ${screen}`, async (t) => {
      const page = await openWatched(t, await start(t), { viewport })
      assert.deepEqual(await moved(page), [], 'while it loads')
      await unfold(page)
      await moved(page)
      for (const [field, text] of mistakesOf(page)) {
        const before = await field.inputValue()
        // At its end, so that a URL first becomes longer, and then empty.
        await field.press('End')
        await field.pressSequentially(text)
        assert.deepEqual(await moved(page), [], `after ${text}`)
        await field.fill('')
        assert.deepEqual(await moved(page), [], `without ${text}`)
        await field.fill(before)
      }
      await reachable(page)
      assert.deepEqual(await moved(page), [], 'with the first text again')
    })
  }
}

test('nothing moves when Items and webhooks arrive, nor after a reload', async (t) => {
  const page = await openWatched(t, await PAGES['with the Sandbox'](t))
  await breakItem(page)
  assert.deepEqual(await moved(page), [])
  await page.reload()
  await panelOf(page).verified.waitFor()
  await watch(page)
  assert.deepEqual(await moved(page), [])
})

test('a Sandbox found while typing a URL moves nothing, and its panel stays', async (t) => {
  const { sandbox } = await startConsoleCommand(t)
  const config = { credentials: 'start', upstream: 'a Sandbox', sandbox: { url: sandbox } }
  const found = await startFakeGateway(t, () => {}, { config })
  const page = await openWatched(t, await PAGES['of a gateway'](t))
  await unfold(page)
  await moved(page)
  const { url, gateway } = partsOf(page)
  const { panel, live } = panelOf(page)
  assert.equal(await panel.count(), 0)

  await url.fill(found.url)
  await live.waitFor()
  assert.deepEqual(await moved(page), [])

  await url.pressSequentially('/?')
  await gateway.getByText('Remove everything from ?').waitFor()
  assert.deepEqual(await moved(page), [])
  assert.equal(await panel.count(), 1)
})

test('a slow response moves nothing when it arrives', async (t) => {
  const { gateway, sandbox } = await startConsole(t)
  const page = await openWatched(t, gateway.url)
  const { access_token } = await sandbox.createItem()
  await sandbox.delay({ path: '/sandbox/item/reset_login', ms: 700 })
  for (const _ of ['first', 'second']) {
    await send(page, access_token)
    assert.deepEqual(await moved(page), [])
  }
})

/** Links are left out: they are part of a sentence, and as high as its line. */
const TARGETS = 'button, input, select, summary'

test('on a phone an Item’s state is visible, and every target is large enough', async (t) => {
  const { page } = await openPanel(t, { viewport: NARROW, hasTouch: true, isMobile: true })
  await breakItem(page)
  const hidden = await panelOf(page)
    .panel.getByRole('list', { name: 'Items' })
    .evaluate(({ parentElement: { scrollWidth, clientWidth } }) => scrollWidth - clientWidth)
  assert.equal(hidden, 0)
  await unfold(page)
  const small = await page.evaluate((targets) => {
    const actions = 'input, .actions button, .guide button'
    return [...document.querySelectorAll(targets)].flatMap((target) => {
      const { width, height } = target.getBoundingClientRect()
      const least = target.matches(actions) ? 44 : 24
      return Math.min(width, height) < least ? [`${target.outerHTML}: ${width} x ${height}`] : []
    })
  }, TARGETS)
  assert.deepEqual(small, [])
  // iOS zooms in on a field with a smaller font.
  const fonts = await page
    .locator('input')
    .evaluateAll((all) => all.map((it) => Number.parseFloat(getComputedStyle(it).fontSize)))
  assert.ok(Math.min(...fonts) >= 16, `${fonts}`)
})

test('the focus is visible at every stop', async (t) => {
  const { page } = await openPanel(t)
  await breakItem(page)
  await unfold(page)
  const count = await page.evaluate(() => {
    const all = [
      ...document.querySelectorAll('a, button, input, select, summary, [tabindex]'),
    ].filter((it) => it.checkVisibility())
    const stops = all.filter((it) => it.tabIndex === 0)
    stops[0].focus()
    return stops.length
  })
  for (let stop = 1; stop < count; stop += 1) {
    await page.keyboard.press('Tab')
    const hidden = await page.evaluate(() => {
      const { activeElement: focused } = document
      const { outlineStyle, outlineWidth } = getComputedStyle(focused)
      const { top, bottom, left } = focused.getBoundingClientRect()
      const isMarked = outlineStyle !== 'none' && Number.parseFloat(outlineWidth) >= 1
      const isOnScreen = bottom > 0 && top < window.innerHeight
      const middle = document.elementFromPoint(left + 8, (top + bottom) / 2)
      const isUncovered = focused.contains(middle) || focused.parentElement.contains(middle)
      return isMarked && isOnScreen && isUncovered ? null : focused.outerHTML.slice(0, 200)
    })
    assert.equal(hidden, null, `stop ${stop} of ${count}`)
  }
})

test('the browser logs nothing, from the first paint to the repair', async (t) => {
  const messages = []
  const listen = (page) =>
    page.on('console', (message) => messages.push(`${message.type()}: ${message.text()}`))
  const page = await open(t, 'about:blank')
  listen(page)
  page.context().on('page', listen)
  await page.goto(await PAGES['with the Sandbox'](t))
  const { webhooks, repair, status } = panelOf(page)
  await breakItem(page)
  await webhooks.locator('summary').click()
  await page.getByRole('tab', { name: 'curl' }).click()
  const tab = await updatePageOf(page, () => repair.click())
  await tab.getByRole('button', { name: 'Update login' }).click()
  await status('Repaired')
  await page.reload()
  await reachable(page)
  assert.deepEqual(messages, [])
})
