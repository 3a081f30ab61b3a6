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
  startConsole,
  startConsoleCommand,
  startFakeGateway,
  unfold,
  updatePageOf,
  useAxe,
  useBrowser,
} = require('./support/browser.js')
const { portOf } = require('./support/sandbox.js')

const { openGateway, openPanel } = useBrowser()

async function control(sandbox, path, body) {
  const headers = { 'content-type': 'application/json' }
  const post = body && { method: 'POST', headers, body: JSON.stringify(body) }
  return (await fetch(`${sandbox}/_sandbox/${path}`, post)).json()
}

async function repairBy(page, act) {
  const tab = await updatePageOf(page, act)
  await tab.getByRole('button', { name: 'Update login' }).click()
}

test('the whole flow takes four clicks', async (t) => {
  const { page, command, ...panel } = await openPanel(t)
  assert.equal(await panel.nextStep(), 'Create an Item')
  for (const button of [panel.resetLogin, panel.repair]) {
    assert.equal(await button.isEnabled(), false)
  }

  await panel.create.click()
  await panel.status('The Item is healthy. Reset its login next.')
  assert.match(await panel.items.innerText(), /Healthy$/)
  assert.match(await panel.token.inputValue(), /^access-sandbox-.{36}$/)
  assert.deepEqual([await panel.doneSteps(), await panel.nextStep()], [1, 'Reset its login'])

  await panel.resetLogin.click()
  await panel.status('Login broken. Repair it next.')
  assert.match(await panel.items.innerText(), /ITEM_LOGIN_REQUIRED$/)
  await partsOf(page).output.getByText('"reset_login"').waitFor()
  await panel.verified.waitFor()
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
  const { page, ...panel } = await openPanel(t)
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
  await panel.verified.waitFor()
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
    const { page, command, ...panel } = await openPanel(t, { colorScheme, ...AXE_OPTIONS })
    const check = await useAxe(page)
    await check('without an Item')
    await breakItem(page)
    await panel.webhooks.locator('summary').click()
    await page.getByText('Point your backend here').click()
    for (const row of await page.locator('.timeline button').all()) {
      await row.click()
      await check(await row.innerText())
    }
    await check('with a broken Item, all open')
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
  const { page, command, token, ...panel } = await openPanel(t)
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
  const [{ item_id }] = (await control(command.sandbox, 'items')).items
  await control(command.sandbox, `items/${item_id}/repair`, {})
  await panel.status('Repaired')
})

test('a reload keeps the Items and their tokens in this tab, and no other token', async (t) => {
  const { page, command, token, ...panel } = await openPanel(t)
  await breakItem(page)
  const made = await token.inputValue()
  const stored = () => page.evaluate(() => [{ ...localStorage }, { ...sessionStorage }])
  const [{ item_id }] = (await control(command.sandbox, 'items')).items
  const tokens = JSON.stringify({ url: command.sandbox, tokens: { [item_id]: made } })
  const expected = [{ utdk_gateway_url: command.url }, { utdk_local_sandbox_tokens: tokens }]
  await token.fill('access-sandbox-00000000-0000-4000-8000-000000000000')
  assert.deepEqual(await stored(), expected)

  await page.reload()

  await panel.verified.waitFor()
  assert.deepEqual(await stored(), expected)
  assert.equal(await token.inputValue(), made)
  await repairBy(page, () => panel.repair.click())
  await panel.status('Repaired')
  await panel.resetLogin.click()
  await panel.status('Login broken')
})

test('an Item of a backend is marked, and its login can be reset and repaired', async (t) => {
  const { page, command, ...panel } = await openPanel(t)
  await control(command.sandbox, 'items', {})
  await panel.items.getByText('Backend', { exact: true }).waitFor()
  await panel.status('Created by your backend or another tab. Reset its login next.')
  await panel.resetLogin.click()
  await panel.status('Login broken')
  await repairBy(page, () => panel.repair.click())
  await panel.items.getByText('Healthy').waitFor()
})

test('a new Item takes its options, and the Sandbox’s error is shown', async (t) => {
  const { page, command, panel, create, status } = await openPanel(t)
  const { sandbox } = command
  await panel.getByText('Options for a new Item').click()
  const fields = {
    webhook: `${sandbox}/_sandbox/inbox`,
    institution_id: 'ins_109511',
    products: 'auth, transactions',
    user_id: 'user-7',
  }
  for (const [name, value] of Object.entries(fields)) {
    await panel.getByLabel(name, { exact: true }).fill(value)
  }
  await create.click()
  await status('The Item is healthy')
  const [item] = (await control(sandbox, 'items')).items
  const { institution_id, products, user_id, webhook } = item
  assert.deepEqual({ webhook, institution_id, products: products.join(', '), user_id }, fields)
  await panel.getByLabel('institution_id').fill('ins_0')
  await create.click()
  await status('No Item was created. ')
  assert.ok(await page.getByText('invalid institution_id provided').isVisible())
})

test('the list of Items is one Tab stop, and arrow keys select', async (t) => {
  const { page, create, items } = await openPanel(t)
  for (let count = 1; count <= 3; count += 1) {
    await create.click()
    await items.nth(count - 1).waitFor()
  }
  const selected = () =>
    items.evaluateAll((all) => all.findIndex((it) => it.ariaCurrent === 'true'))
  await items.first().focus()
  for (const [key, expected] of [
    ['ArrowDown', 1],
    ['End', 2],
    ['ArrowUp', 1],
    ['Home', 0],
    ['ArrowUp', 0],
  ]) {
    await page.keyboard.press(key)
    assert.equal(await selected(), expected, key)
    assert.ok(await items.nth(expected).evaluate((it) => it === document.activeElement))
  }
  await page.keyboard.press('Tab')
  assert.ok(await items.evaluateAll((all) => !all.includes(document.activeElement)))
})

test('the panel shows a failed call and links to the output', async (t) => {
  const { page, command, panel, create, resetLogin, status } = await openPanel(t)
  await create.click()
  await status('The Item is healthy')
  await control(command.sandbox, 'faults', { error_code: 'PLANNED_MAINTENANCE' })
  await resetLogin.click()
  await status('PLANNED_MAINTENANCE: Plaid is under maintenance.')
  await panel.getByRole('link', { name: 'Show the output' }).click()
  const { output } = partsOf(page)
  assert.ok(await output.evaluate((it) => it === document.activeElement))
})

test('the output names the Item, and says when its state has changed since', async (t) => {
  const { page, command } = await openPanel(t)
  await breakItem(page)
  const [{ item_id }] = (await control(command.sandbox, 'items')).items
  const { output } = partsOf(page)
  await output.getByText(item_id).waitFor()
  assert.equal(await output.getByText('Outdated').count(), 0)
  await control(command.sandbox, `items/${item_id}/repair`, {})
  await output.getByText('Outdated: the login was repaired since.').waitFor()
})

test('a Sandbox that stops is reported, and found again after a restart', async (t) => {
  const { page, command: first, ...panel } = await openPanel(t)
  await panel.create.click()
  await panel.status('The Item is healthy')
  await first.ended('SIGTERM')
  await panel.status('The Sandbox stopped. Start it again with npx @utdk/plaid console.')
  for (const button of [panel.create, panel.resetLogin]) {
    assert.equal(await button.isEnabled(), false)
  }
  const { gateway } = partsOf(page)
  await gateway
    .getByText('start the console again with npx @utdk/plaid console --port')
    .first()
    .waitFor()

  // The same page, and a Sandbox that may have another port.
  await startConsoleCommand(t, ['--port', portOf({ url: first.url }).toString()])
  await panel.status('Create an Item to start.')
  await panel.create.click()
  await panel.status('The Item is healthy')
  assert.equal(await page.getByText('Unreachable').count(), 0)
})

test('a link opens the update page if the browser blocks the new tab', async (t) => {
  const { page, ...panel } = await openPanel(t)
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
  const { page, url, gateway: card } = await openGateway(t)
  assert.equal(await panelOf(page).panel.count(), 0)
  const config = {
    credentials: 'start',
    upstream: 'sandbox.plaid.com',
    sandbox: { url: 'https://sandbox.example' },
  }
  const fake = await startFakeGateway(t, () => {}, { config })
  await url.fill(fake.url)
  await card.getByText('Sends requests to sandbox.plaid.com.').waitFor()
  assert.equal(await panelOf(page).panel.count(), 0)
})

test('at another gateway the panel is unavailable, and it recovers with the first URL', async (t) => {
  const { page, command, ...panel } = await openPanel(t)
  await panel.create.click()
  await panel.status('The Item is healthy')
  await unfold(page)
  const { url } = partsOf(page)
  const token = await panel.token.inputValue()
  const { gateway } = await startConsole(t, { allowOrigins: [command.url] })

  await url.fill('')
  await panel.status('Enter a gateway URL to enable sending.')
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
  assert.equal(await panel.token.inputValue(), token)

  // A reload keeps the stored URL.
  await url.fill(gateway.url)
  await panel.status('This gateway has no local Sandbox.')
  await page.reload()
  await panel.status('This gateway has no local Sandbox.')
  await unfold(page)
  assert.equal(await url.inputValue(), gateway.url)
})
