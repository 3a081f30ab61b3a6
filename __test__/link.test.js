'use strict'

// Promise: Link runs in a browser against the local Sandbox, with the callbacks that Plaid documents.

const assert = require('node:assert/strict')
const { test } = require('node:test')
const { useBrowser } = require('./support/browser.js')
const link = require('./support/link.js')
const { brokenItem, call } = require('./support/sandbox.js')

const { open } = useBrowser()

const app = link.useApp(open)

test('a new Item is linked, and its public token can be exchanged', async (t) => {
  const { sandbox, page, frame, button, heading, selectFirstPlatypus, logIn } = await app(t)
  const token = await link.newToken(sandbox)
  await link.openLink(page, { token })
  await heading('Connect your account to Wonder Budget')
  await selectFirstPlatypus()
  await logIn()
  await frame.getByText('Your accounts', { exact: true }).waitFor()
  await button('Continue').click()
  await frame.getByText('Finish without saving', { exact: true }).click()
  const [publicToken, metadata] = await link.called(page, 'onSuccess')
  const { access_token } = await call(sandbox, '/item/public_token/exchange', {
    public_token: publicToken,
  })
  const { accounts, item } = await call(sandbox, '/accounts/get', { access_token })
  assert.deepEqual(metadata.institution, {
    institution_id: 'ins_109508',
    name: 'First Platypus Bank',
  })
  assert.equal(item.institution_id, 'ins_109508')
  assert.deepEqual(
    metadata.accounts.map((account) => account.id),
    accounts.map((account) => account.account_id),
  )
  assert.deepEqual(await link.order(page), [
    'onLoad',
    'OPEN',
    'SKIP_SUBMIT_PHONE',
    'SELECT_INSTITUTION',
    'SEARCH_INSTITUTION',
    'SELECT_BRAND',
    'SELECT_BRAND',
    'SELECT_INSTITUTION',
    'CREDENTIAL',
    'SUBMIT_CREDENTIALS',
    'LOADING',
    'SELECT_ACCOUNT',
    'LOADING',
    'CONNECTED',
    'HANDOFF',
    'onSuccess',
  ])
})

test('update mode repairs the Item, which keeps its access token', async (t) => {
  const { sandbox, page, button, heading, logIn } = await app(t)
  const item = await brokenItem(sandbox)
  const token = await link.updateToken(sandbox, item)
  await link.openLink(page, { token })
  await heading('Log in again at First Platypus Bank')
  await logIn()
  await button('Continue').click()
  const [publicToken, metadata] = await link.called(page, 'onSuccess')
  assert.equal(metadata.accounts.length, 14)
  const { access_token } = item
  assert.equal((await call(sandbox, '/item/get', { access_token })).item.error, null)
  const exchanged = await call(sandbox, '/item/public_token/exchange', {
    public_token: publicToken,
  })
  assert.equal(exchanged.access_token, access_token)
  assert.deepEqual(await link.order(page), [
    'onLoad',
    'OPEN',
    'CREDENTIAL',
    'SUBMIT_CREDENTIALS',
    'LOADING',
    'CONNECTED',
    'HANDOFF',
    'onSuccess',
  ])
})

test('a hosted page leads through the panes, and then to the application', async (t) => {
  const { sandbox, page, url } = await app(t)
  const item = await brokenItem(sandbox)
  const { access_token } = item
  const create = (hosted_link) =>
    call(sandbox, '/link/token/create', {
      access_token,
      client_name: 'Wonder Budget',
      country_codes: ['US'],
      hosted_link,
      language: 'en',
      user: { client_user_id: 'user-1' },
    })
  const inPanes = async (hosted) => {
    await page.goto(hosted.hosted_link_url)
    await page.getByRole('link', { name: 'Go through the panes of Link' }).click()
    await page.getByRole('heading', { name: 'Log in again' }).waitFor()
  }
  const hosted = await create({ completion_redirect_uri: `${url}/done` })
  await inPanes(hosted)
  await page.getByRole('button', { name: 'Exit' }).click()
  await page.getByRole('heading', { name: 'You left without finishing' }).waitFor()
  await inPanes(hosted)
  await page.getByLabel('Username').fill('user_good')
  await page.getByLabel('Password').fill('pass_good')
  await page.getByRole('button', { name: 'Submit' }).click()
  await page.getByRole('button', { name: 'Continue' }).click()
  await page.waitForURL(`${url}/done`)
  assert.equal((await call(sandbox, '/item/get', { access_token })).item.error, null)
  await page.goto(`${sandbox.url}/link/v2/stable/link.html#hosted=lsunknown`)
  await page.getByRole('heading', { name: 'This link is unknown' }).waitFor()
})
