'use strict'

// Promise: the page is one small request with a strict policy, is accessible, fits every width, and
// handles a key within one frame.

const assert = require('node:assert/strict')
const http = require('node:http')
const { once } = require('node:events')
const { test } = require('node:test')
const { gunzipSync } = require('node:zlib')
const {
  AXE_OPTIONS,
  partsOf,
  reachable,
  send,
  serve,
  startConsole,
  unfold,
  useAxe,
  useBrowser,
} = require('./support/browser.js')
const { PRODUCTION_TOKEN, SECRET } = require('./support/client.js')

const { open, openGateway, openPanel } = useBrowser()

/** The page's response to a browser's `headers`, or to others. */
async function download({ url }, headers = { 'accept-encoding': 'gzip, deflate, br' }) {
  const request = http.get(url, { headers })
  const [response] = await once(request, 'response')
  return { ...response, headers: response.headers, body: Buffer.concat(await response.toArray()) }
}

const MAX_BYTES = 48 * 1024

test('the page takes at most 48 KiB compressed, and is also served uncompressed', async (t) => {
  const { gateway } = await startConsole(t)
  const { headers, body } = await download(gateway)
  assert.equal(headers['content-encoding'], 'gzip')
  assert.ok(body.length <= MAX_BYTES, `${body.length} bytes`)
  const plain = await download(gateway, {})
  assert.equal(plain.headers['content-encoding'], undefined)
  assert.ok(gunzipSync(body).equals(plain.body))
})

test('the page loads nothing else before its first paint', async (t) => {
  const { gateway } = await startConsole(t)
  const page = await open(t, 'about:blank')
  const asked = []
  page.on('request', (request) => asked.push(request.url()))
  await page.goto(gateway.url, { waitUntil: 'commit' })
  await page.getByRole('heading', { name: 'Force a Sandbox Item into an error state' }).waitFor()
  await reachable(page)
  assert.deepEqual(
    asked.filter((url) => !/\/(healthz|config)$/.test(url)),
    [`${gateway.url}/`],
  )
  const resources = await page.evaluate(async () => {
    // What is in the document need not be painted yet.
    const paint = await new Promise((resolve) => {
      const observer = new PerformanceObserver((list) => {
        const [first] = list.getEntriesByName('first-contentful-paint')
        if (first) resolve(first)
      })
      observer.observe({ type: 'paint', buffered: true })
    })
    return performance
      .getEntriesByType('resource')
      .filter((entry) => entry.responseEnd < paint.startTime)
      .map((entry) => entry.name)
  })
  assert.deepEqual(
    resources.filter((url) => !/\/(healthz|config)$/.test(url)),
    [],
  )
})

test('the policy blocks foreign scripts, styles and HTML strings', async (t) => {
  const { gateway } = await startConsole(t)
  const { headers, body } = await download(gateway)
  const evil = gunzipSync(body)
    .toString()
    .replace('</head>', '<script>window.evil = 1</script><style>body { opacity: 0 }</style></head>')
    .replace('<body>', '<body onload="window.evil = 2">')
  const { url } = await serve(t, (_, response) => {
    const policy = headers['content-security-policy']
    response.setHeader('content-security-policy', policy)
    response.setHeader('content-type', 'text/html').end(evil)
  })
  const problems = []
  const page = await open(t, url, { problems })
  // The page's own script runs.
  await page.getByRole('heading', { name: 'Try it' }).waitFor()
  assert.equal(await page.evaluate(() => window.evil), undefined)
  const opacity = await page.evaluate(() => getComputedStyle(document.body).opacity)
  assert.equal(opacity, '1')
  const isBlocked = await page.evaluate(() => {
    try {
      document.body.innerHTML = '<b>as HTML</b>'
      return false
    } catch {
      return true
    }
  })
  assert.ok(isBlocked, 'a string became HTML')
  assert.ok(problems.length >= 3, 'the browser reports each')
})

for (const colorScheme of ['light', 'dark']) {
  test(`axe finds no violation in any state of the page, ${colorScheme}`, async (t) => {
    const { page, gateway, sandbox, ...parts } = await openGateway(
      t,
      {},
      {
        colorScheme,
        ...AXE_OPTIONS,
      },
    )
    const check = await useAxe(page)
    const { url, input, output, cancel, send: button } = parts
    const home = await url.inputValue()
    for (const summary of await page.locator('.reference summary').all()) await summary.click()
    await check('at first, with all cards open')
    await url.fill('')
    await check('without a gateway')
    await url.fill('nonsense')
    await input('access_token').fill(PRODUCTION_TOKEN)
    await check('with mistakes')
    await url.fill(home)
    await reachable(page)
    const { access_token } = await sandbox.createItem()
    await send(page, access_token)
    await check('after a success')
    for (const name of ['Go', 'Java', 'Python', 'Ruby', 'curl', 'Headers', 'Request']) {
      await page.getByRole('tab', { name }).click()
      await check(name)
    }
    await send(page, 'access-sandbox-00000000-0000-4000-8000-000000000000')
    await check('after an error')
    await sandbox.failNext({ kind: 'hang' })
    await button.click()
    await output.getByText('Waiting for the response').waitFor()
    await check('while waiting')
    await cancel.click()
  })
}

test('the whole call works by keyboard', async (t) => {
  const { gateway, sandbox } = await startConsole(t)
  const page = await open(t, gateway.url)
  await reachable(page)
  const { access_token } = await sandbox.createItem()
  const visited = []
  for (let i = 0; i < 30; i += 1) {
    await page.keyboard.press('Tab')
    const name = await page.evaluate(() => {
      const { activeElement: focused } = document
      const label = focused.getAttribute('aria-label') ?? focused.labels?.[0]?.innerText
      return (label ?? focused.innerText).split('\n')[0]
    })
    visited.push(name)
    if (name === 'access_token') break
  }
  assert.deepEqual(visited, [
    'Theme',
    'update mode',
    'Copy the install command',
    'Authentication',
    'Gateway',
    'client_id',
    'secret',
    'access_token',
  ])
  await page.keyboard.type(access_token)
  await page.keyboard.press('Enter')
  await partsOf(page).output.getByText('"reset_login"').waitFor()
  // Next: Show, Send, Copy, and the languages; arrow keys select one.
  for (let i = 0; i < 4; i += 1) await page.keyboard.press('Tab')
  await page.keyboard.press('ArrowRight')
  const { snippet } = partsOf(page)
  const tab = snippet.getByRole('tab', { name: 'Gateway', selected: true })
  assert.ok(await tab.evaluate((tab) => tab === document.activeElement))
  assert.match(await snippet.locator('pre').innerText(), /gateway: \{ url/)
})

test('nothing is cut off at any width', async (t) => {
  const { page } = await openGateway(t)
  await send(page, 'access-sandbox-00000000-0000-4000-8000-000000000000')
  for (const summary of await page.locator('.reference summary').all()) await summary.click()
  for (const width of [320, 390, 768, 1024, 1280, 2560]) {
    await page.setViewportSize({ width, height: 800 })
    const overflow = await page.evaluate(
      () => document.documentElement.scrollWidth - document.documentElement.clientWidth,
    )
    assert.equal(overflow, 0, `${width} px`)
  }
})

/** At 60 frames a second. */
const FRAME_MS = 1000 / 60

/** Other processes use the CPU as well, so the best of several rounds counts. */
const ROUNDS = 3

test('a key in any field is handled within one frame', async (t) => {
  const { page } = await openPanel(t)
  await unfold(page)
  const { input, token, url, snippet, authentication } = partsOf(page)
  await snippet.getByRole('tab', { name: 'Gateway' }).click()
  await input('client_id').fill('0'.repeat(24))
  await page.evaluate(() => {
    globalThis.times = []
    let startedAt
    addEventListener(
      'input',
      () => {
        startedAt = performance.now()
      },
      { capture: true },
    )
    // Runs after the page's own listener, and forces its layout.
    addEventListener('input', ({ target }) => {
      document.body.getBoundingClientRect()
      if (target.value !== '') globalThis.times.push(performance.now() - startedAt)
    })
  })
  for (const [field, text, drawn] of [
    [input('access_token'), 'access-sandbox-fa4e0000-7c69-4d34-b8a1-5e0c3f9d2b17', ''],
    [input('secret'), SECRET, 'secret: '],
    [token, SECRET, 'token: '],
    [authentication.getByLabel('Secret', { exact: true }), SECRET, ''],
    [url, 'http://localhost:4000/gateway', 'http://localhost:4000/gateway'],
  ]) {
    const best = Array(text.length).fill(Infinity)
    for (let round = 0; round < ROUNDS; round += 1) {
      await field.fill('')
      await field.pressSequentially(text)
      const times = await page.evaluate(() => globalThis.times.splice(0))
      assert.equal(times.length, text.length)
      assert.ok((await snippet.innerText()).includes(drawn), 'the snippet shows it')
      times.forEach((ms, key) => {
        best[key] = Math.min(best[key], ms)
      })
    }
    assert.ok(Math.max(...best) <= FRAME_MS, `${Math.max(...best)} ms in ${drawn}`)
  }
})

test('with reduced motion nothing is animated', async (t) => {
  const { gateway } = await startConsole(t)
  const page = await open(t, gateway.url, { reducedMotion: 'reduce' })
  const animated = await page.evaluate(
    () =>
      [...document.querySelectorAll('*')].filter((element) => {
        const { transitionDuration, animationName } = getComputedStyle(element)
        return transitionDuration !== '0s' || animationName !== 'none'
      }).length,
  )
  assert.equal(animated, 0)
})

test('the theme switch overrides the system’s theme, and is stored', async (t) => {
  const { page } = await openGateway(t, {}, { colorScheme: 'dark' })
  const ground = () => page.evaluate(() => getComputedStyle(document.body).backgroundColor)
  const dark = await ground()
  await page.getByLabel('Theme').selectOption('light')
  const light = await ground()
  assert.notEqual(light, dark)
  await page.reload()
  await reachable(page)
  assert.equal(await ground(), light)
  await page.getByLabel('Theme').selectOption('system')
  assert.equal(await ground(), dark)
  assert.equal(await page.evaluate(() => localStorage.getItem('utdk_theme')), null)
})

test('forced colours and higher contrast are honoured', async (t) => {
  const forced = await openGateway(t, {}, { forcedColors: 'active' })
  const outlineOf = (selected) =>
    forced.snippet
      .getByRole('tab', { selected })
      .first()
      .evaluate((tab) => getComputedStyle(tab).outlineStyle)
  assert.deepEqual([await outlineOf(true), await outlineOf(false)], ['solid', 'none'])
  const { page } = await openGateway(t, {}, { contrast: 'more' })
  const [text, note] = await page.evaluate(() =>
    ['main', 'header p + p'].map((it) => getComputedStyle(document.querySelector(it)).color),
  )
  assert.equal(note, text)
})
