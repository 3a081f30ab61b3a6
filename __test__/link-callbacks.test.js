'use strict'

// Promise: the drop-in's callbacks get what those of Plaid's Link get, for every input.

const assert = require('node:assert/strict')
const { test } = require('node:test')
const { useBrowser } = require('./support/browser.js')
const link = require('./support/link.js')
const { brokenItem, call, HOUR, start } = require('./support/sandbox.js')

const { open } = useBrowser()
const app = link.useApp(open)

const MISSING = 'Missing Link parameter. Link requires a key or token to be provided.'

const INVALID_LINK_TOKEN = {
  display_message: null,
  error_code: 'INVALID_LINK_TOKEN',
  error_message: 'invalid link_token provided',
  error_type: 'INVALID_INPUT',
}

/** Each frame of Link in the page: its id, and whether it is shown. */
const frames = (page) =>
  page.$$eval('iframe', (all) => all.map(({ id, style }) => `${id} ${style.display}`))

test('onSuccess, onExit and onEvent get the documented keys', async (t) => {
  const { sandbox, page, ...ui } = await app(t)
  const token = await link.newToken(sandbox)
  await link.openLink(page, { token })
  await ui.select('Tartan Bank')
  await ui.logIn('user_good', 'wrong')
  await ui.frame.getByText('INVALID_CREDENTIALS').waitFor()
  await ui.button('Exit').click()
  const [error, exit] = await link.called(page, 'onExit')
  assert.deepEqual(error, {
    display_message: 'The provided credentials were not correct. Please try again.',
    error_code: 'INVALID_CREDENTIALS',
    error_message: 'the provided credentials were not correct',
    error_type: 'ITEM_ERROR',
  })
  const institution = { institution_id: 'ins_109511', name: 'Tartan Bank' }
  const { link_session_id, request_id } = exit
  assert.deepEqual(exit, {
    institution,
    link_session_id,
    request_id,
    status: 'requires_credentials',
  })
  assert.match(link_session_id, /^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$/)
  assert.match(request_id, /^[0-9a-f]{15}$/)
  const events = (await link.calls(page)).filter(({ name }) => name === 'onEvent')
  for (const { parameters } of events) {
    const [name, metadata] = parameters
    assert.equal(typeof name, 'string')
    assert.deepEqual(Object.keys(metadata).sort(), [
      'account_number_mask',
      'error_code',
      'error_message',
      'error_type',
      'exit_status',
      'institution_id',
      'institution_name',
      'institution_search_query',
      'is_update_mode',
      'link_session_id',
      'match_reason',
      'mfa_type',
      'request_id',
      'routing_number',
      'selection',
      'timestamp',
      'view_name',
    ])
    assert.equal(metadata.link_session_id, link_session_id)
    assert.match(metadata.timestamp, /^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z$/)
  }
  assert.equal(events[0].parameters[1].is_update_mode, 'false')
  const [, last] = events.at(-1).parameters
  assert.deepEqual(
    [last.exit_status, last.error_code, last.request_id],
    ['requires_credentials', 'INVALID_CREDENTIALS', request_id],
  )
})

test('onSuccess has the legacy copies that wrappers still read', async (t) => {
  const { sandbox, page, ...ui } = await app(t)
  const token = await link.newToken(sandbox)
  await link.openLink(page, { token })
  await ui.select('Tartan Bank')
  await ui.logIn()
  await ui.button('Continue').click()
  await ui.button('Finish without saving').click()
  const [publicToken, metadata] = await link.called(page, 'onSuccess')
  const { accounts, account, account_id, link_session_id } = metadata
  assert.deepEqual(Object.keys(accounts[0]).sort(), [
    'class_type',
    'id',
    'mask',
    'name',
    'subtype',
    'type',
    'verification_status',
  ])
  assert.deepEqual(metadata, {
    account: accounts[0],
    account_id: accounts[0].id,
    accounts,
    institution: { institution_id: 'ins_109511', name: 'Tartan Bank' },
    link_session_id,
    public_token: publicToken,
    transfer_status: null,
  })
  assert.deepEqual([account, account_id], [accounts[0], accounts[0].id])
  // Only one of the two callbacks is called.
  assert.ok(!(await link.order(page)).includes('onExit'))
})

test('only OPEN reaches onEvent at once; the others come at the end', async (t) => {
  const { sandbox, page, ...ui } = await app(t)
  await link.openLink(page, { token: await link.newToken(sandbox) })
  await ui.select('Tartan Bank')
  await ui.heading('Log in')
  assert.deepEqual(await link.order(page), ['onLoad', 'OPEN'])
  await ui.button('Exit').click()
  await link.called(page, 'onExit')
  assert.deepEqual(await link.order(page), [
    'onLoad',
    'OPEN',
    'SKIP_SUBMIT_PHONE',
    'SELECT_INSTITUTION',
    'SEARCH_INSTITUTION',
    'SELECT_INSTITUTION',
    'CREDENTIAL',
    'EXIT',
    'onExit',
  ])
})

test('with events=live, every event reaches onEvent at once', async (t) => {
  const { sandbox, page, ...ui } = await app(t, { query: '?events=live' })
  await link.openLink(page, { token: await link.newToken(sandbox) })
  await ui.button('Continue without phone number').click()
  await ui.heading('Select')
  const order = ['onLoad', 'OPEN', 'SKIP_SUBMIT_PHONE', 'SELECT_INSTITUTION']
  assert.deepEqual(await link.order(page), order)
})

test('create() without a token throws what Plaid’s Link throws', async (t) => {
  const { page } = await app(t)
  for (const config of [
    undefined,
    null,
    {},
    { token: null },
    { token: undefined, key: undefined },
  ]) {
    const message = await page.evaluate((config) => {
      try {
        globalThis.Plaid.create(config)
      } catch (error) {
        return error instanceof Error && error.message
      }
    }, config)
    assert.equal(message, MISSING)
  }
  assert.deepEqual(await frames(page), [])
})

test('a token that cannot be used ends in onExit with INVALID_LINK_TOKEN', async (t) => {
  const { sandbox, page } = await app(t)
  const other = await start(t)
  const used = await link.newToken(sandbox)
  await sandbox.completeLink(used)
  const expired = await link.newToken(sandbox)
  await sandbox.advanceClock(5 * HOUR)
  for (const config of [
    { token: expired },
    { token: used },
    { token: await link.newToken(other) },
    { token: 'link-sandbox-unknown' },
    { token: 7 },
    { token: null, receivedRedirectUri: 'http://localhost/?oauth_state_id=1' },
    { key: 'a public key' },
  ]) {
    await link.openLink(page, config)
    const [error, metadata] = await link.called(page, 'onExit')
    assert.deepEqual(error, INVALID_LINK_TOKEN)
    assert.deepEqual([metadata.institution, metadata.status], [null, null])
    const shown = await page.evaluate(() => {
      globalThis.handler.destroy()
      globalThis.calls.length = 0
      return document.querySelectorAll('iframe').length
    })
    assert.equal(shown, 0)
  }
})

test('a receivedRedirectUri without oauth_state_id is an error in the console', async (t) => {
  const { sandbox, page } = await app(t)
  const token = await link.newToken(sandbox)
  const errors = []
  page.on('console', (message) => message.type() === 'error' && errors.push(message.text()))
  for (const uri of ['http://localhost/?oauth_state_id=1', 'http://localhost/?a=1']) {
    await page.evaluate((config) => globalThis.create(config).destroy(), {
      token,
      receivedRedirectUri: uri,
    })
  }
  assert.deepEqual(errors, ['oauth uri does not contain a valid oauth_state_id query parameter'])
})

test('abandoned in update mode, the Item stays broken', async (t) => {
  const { sandbox, page, ...ui } = await app(t)
  const item = await brokenItem(sandbox)
  await link.openLink(page, { token: await link.updateToken(sandbox, item) })
  await ui.heading('Log in again')
  await ui.button('Exit').click()
  const [error, { status }] = await link.called(page, 'onExit')
  assert.deepEqual([error, status], [null, 'requires_credentials'])
  const { access_token } = item
  const shown = await call(sandbox, '/item/get', { access_token })
  assert.equal(shown.item.error.error_code, 'ITEM_LOGIN_REQUIRED')
})

test('a search is embedded in the page, and Link then takes the whole screen', async (t) => {
  const { sandbox, page, ...ui } = await app(t)
  const token = await link.newToken(sandbox)
  await page.evaluate((token) => {
    const element = document.querySelector('#embedded')
    element.style.height = '400px'
    globalThis.handler = globalThis.create.embedded({ token }, element)
  }, token)
  await ui.heading('Select')
  const inPage = () => page.$eval('#embedded iframe', (frame) => frame.style.position)
  assert.equal(await inPage(), 'static')
  assert.equal(await ui.button('Exit').count(), 0)
  await ui.frame.getByText('Tartan Bank', { exact: true }).click()
  await ui.heading('Log in at Tartan Bank')
  assert.equal(await inPage(), 'fixed')
  await ui.button('Exit').click()
  await link.called(page, 'onExit')
  await ui.heading('Select')
  assert.equal(await inPage(), 'static')
  assert.deepEqual(await page.evaluate(() => Object.keys(globalThis.handler)), ['destroy'])
  await page.evaluate(() => globalThis.handler.destroy())
  assert.deepEqual(await frames(page), [])
})

test('a bank with OAuth asks for the login in a window of its own', async (t) => {
  const { sandbox, page, ...ui } = await app(t)
  await link.openLink(page, { token: await link.newToken(sandbox) })
  await ui.select('Platypus OAuth Bank')
  // Disabled while the window is open.
  const login = ui.button('Continue to login')
  const opened = async () => (await Promise.all([page.waitForEvent('popup'), login.click()]))[0]
  const cancelled = await opened()
  await cancelled.getByRole('button', { name: 'Cancel' }).click()
  const bank = await opened()
  await bank.getByRole('button', { name: 'Sign in and connect' }).click()
  await ui.heading('Your accounts')
  await ui.button('Continue').click()
  await ui.button('Finish without saving').click()
  const [, metadata] = await link.called(page, 'onSuccess')
  assert.equal(metadata.institution.institution_id, 'ins_127287')
  if (!bank.isClosed()) await bank.waitForEvent('close')
  const order = await link.order(page)
  const oauth = order.filter((name) => name.includes('OAUTH'))
  assert.deepEqual(oauth, ['OAUTH', 'OPEN_OAUTH', 'CLOSE_OAUTH', 'OPEN_OAUTH'])
})
