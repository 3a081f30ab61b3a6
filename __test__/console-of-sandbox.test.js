'use strict'

// Promise: a Sandbox serves the console at its own URL, without a gateway: the whole flow works there.

const assert = require('node:assert/strict')
const { test } = require('node:test')
const {
  AXE_OPTIONS,
  panelOf,
  partsOf,
  updatePageOf,
  useAxe,
  useBrowser,
} = require('./support/browser.js')
const { start } = require('./support/sandbox.js')

const { open } = useBrowser()

async function openSandbox(t, options) {
  const sandbox = await start(t)
  const page = await open(t, sandbox.url, options)
  const panel = panelOf(page)
  await panel.live.waitFor()
  return { sandbox, page, ...panel }
}

test('the flow works on the page of a Sandbox', async (t) => {
  const { page, sandbox, ...panel } = await openSandbox(t)
  await panel.create.click()
  await panel.status('The Item is healthy. Reset its login next.')
  await panel.resetLogin.click()
  await panel.status('Login broken. Repair it next.')
  await partsOf(page).output.getByText('"reset_login"').waitFor()
  const tab = await updatePageOf(page, () => panel.repair.click())
  await tab.getByRole('button', { name: 'Update login' }).click()
  await panel.items.getByText('Healthy').waitFor()
})

test('the page of a Sandbox speaks of no gateway', async (t) => {
  const { page } = await openSandbox(t)
  for (const name of ['Authentication', 'Gateway']) {
    assert.equal(await page.getByRole('heading', { name, exact: true }).count(), 0, name)
    assert.equal(await page.getByRole('tab', { name, exact: true }).count(), 0, name)
  }
})

test('a Sandbox that was stopped is started again by its own command', async (t) => {
  const { page, sandbox, ...panel } = await openSandbox(t)
  await panel.create.click()
  await panel.status('The Item is healthy. Reset its login next.')
  await sandbox.close()
  await panel.status('The Sandbox stopped. Start it again with npx @utdk/plaid sandbox.')
})

test('the page of a Sandbox has no accessibility violation', async (t) => {
  const { page, ...panel } = await openSandbox(t, AXE_OPTIONS)
  const check = await useAxe(page)
  await check('at first')
  await panel.create.click()
  await panel.status('The Item is healthy. Reset its login next.')
  await panel.resetLogin.click()
  await panel.status('Login broken. Repair it next.')
  await check('with a broken Item')
})
