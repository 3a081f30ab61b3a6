'use strict'

// Promise: at `utdk-plaid console` one panel covers the whole flow: create an Item, reset its login,
// receive the signed webhook, repair the login.

const assert = require('node:assert/strict')
const { test } = require('node:test')
const {
  AXE_OPTIONS,
  breakItem,
  panelOf,
  partsOf,
  reachable,
  startConsole,
  startConsoleCommand,
  startFakeGateway,
  updatePageOf,
  useAxe,
  useBrowser,
} = require('./support/browser.js')
const { portOf } = require('./support/sandbox.js')

const { open } = useBrowser()

async function openPanel(t, { url }, options) {
  const page = await open(t, url, options)
  const panel = panelOf(page)
  await panel.live.waitFor()
  await reachable(page)
  return { page, ...panel }
}

async function control(sandbox, path) {
  return (await fetch(`${sandbox}/_sandbox/${path}`)).json()
}

async function repairBy(page, act) {
  const tab = await updatePageOf(page, act)
  await tab.getByRole('button', { name: 'Update login' }).click()
}

test('the whole flow takes four clicks', async (t) => {
  const command = await startConsoleCommand(t)
  const { page, ...panel } = await openPanel(t, command)
  assert.equal(await panel.nextStep(), 'Create an Item')
  for (const button of [panel.resetLogin, panel.repair]) {
    assert.equal(await button.isEnabled(), false)
  }

  await panel.create.click()
  await panel.status('The Item is healthy. Reset its login next.')
  assert.match(await panel.items.innerText(), /Healthy$/)
  assert.match(await partsOf(page).input('access_token').inputValue(), /^access-sandbox-.{36}$/)
  assert.deepEqual([await panel.doneSteps(), await panel.nextStep()], [1, 'Reset its login'])

  await panel.resetLogin.click()
  await panel.status('Login broken. Repair it next.')
  assert.match(await panel.items.innerText(), /ITEM_LOGIN_REQUIRED$/)
  await partsOf(page).output.getByText('"reset_login"').waitFor()
  await panel.signed.waitFor()
  assert.deepEqual([await panel.doneSteps(), await panel.nextStep()], [2, 'Repair the login'])
  const { webhooks } = await control(command.sandbox, 'webhooks')
  const [{ body, attempts }] = webhooks
  await panel.webhooks.locator('summary').click()
  assert.deepEqual(JSON.parse(await panel.webhooks.locator('pre').innerText()), JSON.parse(body))
  const [header] = attempts[0].verification.split('.')
  const { kid } = JSON.parse(Buffer.from(header, 'base64url'))
  const shown = await panel.webhooks.innerText()
  assert.match(shown, new RegExp(`ERROR\\s+Delivered[\\s\\S]*ES256.*${kid}`))

  const tab = await updatePageOf(page, () => panel.repair.click())
  assert.equal(await tab.evaluate(() => window.opener), null)
  await tab.getByRole('button', { name: 'Update login' }).click()
  await panel.status('Repaired. The login works again.')
  assert.match(await panel.items.innerText(), /Healthy$/)
  assert.equal(await panel.doneSteps(), 3)
})

test('the whole flow works by keyboard, without scrolling', async (t) => {
  const { page, ...panel } = await openPanel(t, await startConsoleCommand(t))
  const reach = async (button) => {
    for (let i = 0; i < 20; i += 1) {
      await page.keyboard.press('Tab')
      if (await button.evaluate((it) => it === document.activeElement)) return
    }
    assert.fail('Tab does not reach the button')
  }
  await reach(panel.create)
  await page.keyboard.press('Enter')
  await panel.status('Reset its login next')
  await reach(panel.resetLogin)
  await page.keyboard.press('Enter')
  await panel.signed.waitFor()
  await reach(panel.repair)
  const tab = await updatePageOf(page, () => page.keyboard.press('Enter'))
  await tab.getByRole('button', { name: 'Update login' }).focus()
  await tab.keyboard.press('Enter')
  await panel.status('Repaired')
  await panel.webhooks.first().locator('summary').focus()
  await page.keyboard.press('Enter')
  await panel.webhooks.first().locator('pre').waitFor()
  assert.equal(await page.evaluate(() => window.scrollY), 0)
})

for (const colorScheme of ['light', 'dark']) {
  test(`axe finds no violation in any state of the panel, ${colorScheme}`, async (t) => {
    const command = await startConsoleCommand(t)
    const { page, ...panel } = await openPanel(t, command, { colorScheme, ...AXE_OPTIONS })
    const check = await useAxe(page)
    await check('without an Item')
    await breakItem(page)
    await panel.webhooks.locator('summary').click()
    await check('with a broken Item and an open webhook')
    await repairBy(page, () => panel.repair.click())
    await panel.status('Repaired')
    await check('with a repaired Item')
    for (let count = 2; count < 8; count += 1) {
      await panel.create.click()
      await panel.items.nth(count - 1).waitFor()
    }
    await check('with many Items')
    await command.ended('SIGTERM')
    await panel.status('The Sandbox stopped')
    await check('without the Sandbox')
  })
}

test('the newest Item is selected, and any other can be', async (t) => {
  const { sandbox, ...command } = await startConsoleCommand(t)
  const { page, ...panel } = await openPanel(t, command)
  const token = partsOf(page).input('access_token')
  await breakItem(page)
  const first = await token.inputValue()
  await panel.create.click()
  await panel.status('The Item is healthy')
  assert.notEqual(await token.inputValue(), first)
  assert.equal(await panel.webhooks.count(), 0)

  await panel.items.last().click()
  await panel.status('Login broken')
  assert.equal(await token.inputValue(), first)
  assert.equal(await panel.webhooks.count(), 1)

  // A repair outside the page is shown as well.
  const [{ item_id }] = (await control(sandbox, 'items')).items
  await fetch(`${sandbox}/_sandbox/items/${item_id}/repair`, { method: 'POST' })
  await panel.status('Repaired')
})

test('a reload keeps the Items and drops their tokens', async (t) => {
  const command = await startConsoleCommand(t)
  const { page, ...panel } = await openPanel(t, command)
  await breakItem(page)
  const stored = await page.evaluate(() => [{ ...localStorage }, { ...sessionStorage }])
  assert.deepEqual(stored, [{ utdk_gateway_url: command.url }, {}])

  await page.reload()

  await panel.signed.waitFor()
  assert.equal(await partsOf(page).input('access_token').inputValue(), '')
  await repairBy(page, () => panel.repair.click())
  await panel.status('This page does not have the Item’s token. Create another')
  assert.equal(await panel.resetLogin.isEnabled(), false)
  await panel.create.click()
  await panel.status('The Item is healthy.')
})

test('a Sandbox that stops is reported, and found again after a restart', async (t) => {
  const first = await startConsoleCommand(t)
  const { page, ...panel } = await openPanel(t, first)
  await panel.create.click()
  await panel.status('The Item is healthy')
  await first.ended('SIGTERM')
  await panel.status('The Sandbox stopped. Start it again with npx @utdk/plaid console.')
  for (const button of [panel.create, panel.resetLogin]) {
    assert.equal(await button.isEnabled(), false)
  }

  // The same page, and a Sandbox that may have another port.
  await startConsoleCommand(t, ['--port', portOf({ url: first.url }).toString()])
  await panel.status('Create an Item to start.')
  await panel.create.click()
  await panel.status('The Item is healthy')
  assert.equal(await page.getByText('Unreachable').count(), 0)
})

test('a link opens the update page if the browser blocks the new tab', async (t) => {
  const { page, ...panel } = await openPanel(t, await startConsoleCommand(t))
  await breakItem(page)
  await page.evaluate(() => {
    window.open = () => null
  })
  await panel.repair.click()
  const link = panel.panel.getByRole('link', { name: 'Your browser blocked the new tab' })
  await repairBy(page, () => link.click())
  await panel.status('Repaired')
  assert.equal(await link.count(), 0)
})

test('a gateway without a local Sandbox has no panel', async (t) => {
  const { gateway } = await startConsole(t)
  const page = await open(t, gateway.url)
  await reachable(page)
  assert.equal(await panelOf(page).panel.count(), 0)
  const config = {
    credentials: 'start',
    upstream: 'sandbox.plaid.com',
    sandbox: { url: 'https://sandbox.example' },
  }
  const { url } = await startFakeGateway(t, () => {}, { config })
  await partsOf(page).url.fill(url)
  await partsOf(page).gateway.getByText('Sends requests to sandbox.plaid.com.').waitFor()
  assert.equal(await panelOf(page).panel.count(), 0)
})

test('at another gateway the panel is unavailable, and it recovers with the first URL', async (t) => {
  const command = await startConsoleCommand(t)
  const { page, ...panel } = await openPanel(t, command)
  await panel.create.click()
  await panel.status('The Item is healthy')
  const { url, input } = partsOf(page)
  const token = await input('access_token').inputValue()
  const { gateway } = await startConsole(t, { allowOrigins: [command.url] })

  await url.fill('')
  await panel.status('Enter a gateway URL below to enable sending.')
  await url.fill(gateway.url)
  await panel.status('This gateway has no local Sandbox.')
  for (const button of [panel.create, panel.resetLogin, panel.repair]) {
    assert.equal(await button.isEnabled(), false)
  }
  assert.equal(await panel.items.count(), 0)
  await url.fill(command.url)
  await panel.status('The Item is healthy. Reset its login next.')
  assert.equal(await panel.items.count(), 1)
  await panel.resetLogin.click()
  await panel.status('Login broken')
  assert.equal(await input('access_token').inputValue(), token)

  // A reload keeps the stored URL.
  await url.fill(gateway.url)
  await panel.status('This gateway has no local Sandbox.')
  await page.reload()
  await panel.status('This gateway has no local Sandbox.')
  assert.equal(await url.inputValue(), gateway.url)
})
