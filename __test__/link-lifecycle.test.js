'use strict'

// Promise: the drop-in opens, exits and goes as Plaid's Link does, and always ends in a callback.

const assert = require('node:assert/strict')
const { test } = require('node:test')
const { useBrowser } = require('./support/browser.js')
const link = require('./support/link.js')

const { open } = useBrowser()
const app = link.useApp(open)

const INVALID_LINK_TOKEN = {
  display_message: null,
  error_code: 'INVALID_LINK_TOKEN',
  error_message: 'invalid link_token provided',
  error_type: 'INVALID_INPUT',
}

const NO_ANSWER = {
  display_message: null,
  error_code: 'INTERNAL_SERVER_ERROR',
  error_message: 'the local Sandbox does not answer',
  error_type: 'API_ERROR',
}

/** Each frame of Link in the page: its id, and whether it is shown. */
const frames = (page) =>
  page.$$eval('iframe', (all) => all.map(({ id, style }) => `${id} ${style.display}`))

const overflow = (page) => page.evaluate(() => document.body.style.overflow)

test('the same handler opens again after an exit, with another session', async (t) => {
  const { sandbox, page, ...ui } = await app(t)
  await link.openLink(page, { token: await link.newToken(sandbox) })
  await ui.button('Exit').click()
  const [, first] = await link.called(page, 'onExit')
  await page.evaluate(() => {
    globalThis.calls.length = 0
    globalThis.handler.open()
  })
  await ui.heading('Connect')
  await ui.button('Exit').click()
  const [, second] = await link.called(page, 'onExit')
  assert.notEqual(first.link_session_id, second.link_session_id)
  assert.deepEqual(await link.order(page), ['OPEN', 'EXIT', 'onExit'])
})

test('each create() makes one hidden frame with the title and id of Plaid’s', async (t) => {
  const { sandbox, page, ...ui } = await app(t)
  const token = await link.newToken(sandbox)
  await page.evaluate((token) => {
    globalThis.first = globalThis.create({ token })
    globalThis.second = globalThis.create({ token })
  }, token)
  const id = 'plaid-link-iframe'
  assert.deepEqual(await frames(page), [`${id}-1 none`, `${id}-2 none`])
  await page.evaluate(() => globalThis.first.open(null))
  assert.deepEqual(await frames(page), [`${id}-1 block`, `${id}-2 none`])
  await page.evaluate(() => {
    globalThis.second.destroy()
    globalThis.second.destroy()
  })
  await ui.heading('Connect')
  assert.equal(await overflow(page), 'hidden')
  await page.evaluate(() => {
    globalThis.first.destroy()
    globalThis.first.destroy()
    globalThis.first.open()
    globalThis.first.exit({ force: true })
  })
  assert.deepEqual(await frames(page), [])
  assert.equal(await overflow(page), '')
  // A destroyed handler calls nothing.
  assert.ok(!(await link.order(page)).includes('onExit'))
})

test('exit() before open() does nothing', async (t) => {
  const { sandbox, page, ...ui } = await app(t)
  const token = await link.newToken(sandbox)
  await page.evaluate((token) => {
    globalThis.handler = globalThis.create({ token })
    globalThis.handler.exit()
    globalThis.handler.exit({ force: true })
    globalThis.handler.submit({ phone_number: '+14155550123' })
    globalThis.handler.open()
  }, token)
  await ui.heading('Connect')
  assert.deepEqual(await link.order(page), ['onLoad', 'OPEN'])
})

test('exit() of an open Link ends in onExit, ready or not', async (t) => {
  const { sandbox, page, ...ui } = await app(t)
  const token = await link.newToken(sandbox)
  for (const options of [undefined, {}, { force: true }]) {
    await link.openLink(page, { token })
    await ui.heading('Connect')
    await page.evaluate((options) => globalThis.handler.exit(options), options)
    const [error, { status }] = await link.called(page, 'onExit')
    assert.deepEqual([error, status], [null, 'requires_credentials'])
    assert.equal(await overflow(page), '')
    await link.forget(page)
  }
  await page.evaluate((token) => {
    const handler = globalThis.create({ token })
    handler.open()
    handler.exit({ force: true })
  }, token)
  const [error, metadata] = await link.called(page, 'onExit')
  assert.equal(error, null)
  assert.deepEqual(Object.keys(metadata).sort(), [
    'institution',
    'link_session_id',
    'request_id',
    'status',
  ])
})

test('onExit may destroy the handler, and the focus returns to the page', async (t) => {
  const { sandbox, page, ...ui } = await app(t)
  const token = await link.newToken(sandbox)
  await page.focus('#open')
  await page.evaluate((token) => {
    globalThis.handler = globalThis.create({
      token,
      onExit: () => {
        globalThis.focused = document.activeElement.id
        globalThis.shown = document.querySelector('iframe').style.display
        globalThis.handler.destroy()
      },
    })
    globalThis.handler.open()
  }, token)
  await ui.button('Exit').click()
  await page.waitForFunction(() => globalThis.focused)
  const after = await page.evaluate(() => [globalThis.focused, globalThis.shown])
  assert.deepEqual(after, ['open', 'none'])
  assert.deepEqual(await frames(page), [])
})

test('an exception in a callback is the page’s, and stops no other callback', async (t) => {
  const problems = []
  const { sandbox, page, ...ui } = await app(t, { page: { problems } })
  const token = await link.newToken(sandbox)
  await page.evaluate((token) => {
    globalThis.handler = globalThis.create({
      token,
      onEvent: () => {
        throw new Error('of the app')
      },
    })
    globalThis.handler.open()
  }, token)
  await ui.button('Exit').click()
  await link.called(page, 'onExit')
  assert.ok(problems.length > 0)
  for (const problem of problems) assert.match(problem, /of the app$/)
})

test('a Sandbox that stops ends Link in onExit with an error', async (t) => {
  const { sandbox, page, ...ui } = await app(t)
  await link.openLink(page, { token: await link.newToken(sandbox) })
  await ui.select('Tartan Bank')
  await ui.heading('Log in')
  await sandbox.close()
  await ui.logIn()
  const [error, metadata] = await link.called(page, 'onExit')
  assert.deepEqual(error, NO_ANSWER)
  assert.equal(metadata.institution.name, 'Tartan Bank')
  // The next one as well: its frame never loads.
  await link.forget(page)
  await page.clock.install()
  await link.openLink(page, { token: 'link-sandbox-any' })
  await page.clock.fastForward(15_000)
  assert.deepEqual((await link.called(page, 'onExit'))[0], NO_ANSWER)
})

test('leaving while the Sandbox is gone ends in onExit too', async (t) => {
  const { sandbox, page, ...ui } = await app(t)
  await link.openLink(page, { token: await link.newToken(sandbox) })
  await ui.heading('Connect')
  await sandbox.close()
  await ui.button('Exit').click()
  assert.deepEqual((await link.called(page, 'onExit'))[0], NO_ANSWER)
})

test('a reset of the Sandbox ends Link in onExit', async (t) => {
  const { sandbox, page, ...ui } = await app(t)
  await link.openLink(page, { token: await link.newToken(sandbox) })
  await ui.heading('Connect')
  await sandbox.reset()
  await ui.button('Continue without phone number').click()
  assert.deepEqual((await link.called(page, 'onExit'))[0], INVALID_LINK_TOKEN)
})

test('the script keeps the first window.Plaid, and warns', async (t) => {
  const { sandbox, page } = await app(t)
  const warnings = []
  page.on('console', (message) => warnings.push(message.text()))
  const isSame = await page.evaluate(async (src) => {
    const before = globalThis.Plaid
    const script = document.createElement('script')
    script.src = src
    document.body.append(script)
    await new Promise((resolve) => script.addEventListener('load', resolve))
    return before === globalThis.Plaid
  }, `${link.ORIGIN}/link/v2/stable/link-initialize.js`)
  assert.ok(isSame)
  assert.match(warnings.join(), /embedded more than once/)
  assert.equal(await page.evaluate(() => typeof globalThis.Plaid.version), 'string')
  assert.ok(sandbox)
})
