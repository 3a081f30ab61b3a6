'use strict'

// Promise: at `utdk-plaid console` the page tells the whole story on one screen: an Item is made,
// the call breaks its login, the signed webhook arrives, and the login is repaired.

const assert = require('node:assert/strict')
const { test } = require('node:test')
const {
  partsOf,
  reachable,
  startConsole,
  startStandIn,
  startStory,
  useBrowser,
} = require('./support/browser.js')
const { portOf } = require('./support/sandbox.js')

const { open } = useBrowser()

const axe = require.resolve('axe-core/axe.min.js')

/** The panel of the Sandbox, as a person finds its parts. */
function storyOf(page) {
  const story = page.getByRole('region', { name: 'Local Sandbox' })
  const button = (name) => story.getByRole('button', { name, exact: true })
  return {
    story,
    live: story.getByText('Live', { exact: true }),
    create: button('Create'),
    send: button('Send'),
    repair: button('Repair'),
    says: (text) => story.getByRole('status').getByText(text).waitFor(),
    items: story.getByRole('list', { name: 'Items' }).getByRole('button'),
    webhooks: story.getByRole('list', { name: 'Webhooks' }).getByRole('listitem'),
    done: async () => (await story.getByText('(done)').all()).length,
    next: () => story.locator('[aria-current=step] strong').innerText(),
  }
}

async function openStory(t, { url }, options) {
  const page = await open(t, url, options)
  const story = storyOf(page)
  await story.live.waitFor()
  await reachable(page)
  return { page, ...story }
}

/** Does what opens a tab, and returns the tab once the update page stands there. */
async function tabOf(page, act) {
  const [tab] = await Promise.all([page.context().waitForEvent('page'), act()])
  await tab.getByRole('button', { name: 'Update login' }).waitFor()
  return tab
}

async function control(sandbox, path) {
  return (await fetch(`${sandbox}/_sandbox/${path}`)).json()
}

test('the whole story is gone through with four clicks', async (t) => {
  const command = await startStory(t)
  const { page, ...story } = await openStory(t, command)
  assert.equal(await story.next(), 'Create an Item')
  for (const button of [story.send, story.repair]) assert.equal(await button.isEnabled(), false)

  await story.create.click()
  await story.says('The Item is healthy: send the call.')
  assert.match(await story.items.innerText(), /Healthy$/)
  assert.match(await partsOf(page).input('access_token').inputValue(), /^access-sandbox-.{36}$/)
  assert.deepEqual([await story.done(), await story.next()], [1, 'Send the call'])

  await story.send.click()
  await story.says('The login is broken: repair it.')
  assert.match(await story.items.innerText(), /ITEM_LOGIN_REQUIRED$/)
  await partsOf(page).output.getByText('"reset_login"').waitFor()
  await story.webhooks.getByText('Signed', { exact: true }).waitFor()
  assert.deepEqual([await story.done(), await story.next()], [2, 'Repair the login'])
  // What it says of the webhook is what was sent.
  const { webhooks } = await control(command.sandbox, 'webhooks')
  const [{ body, attempts }] = webhooks
  await story.webhooks.locator('summary').click()
  assert.deepEqual(JSON.parse(await story.webhooks.locator('pre').innerText()), JSON.parse(body))
  const [header] = attempts[0].verification.split('.')
  const { kid } = JSON.parse(Buffer.from(header, 'base64url'))
  assert.match(
    await story.webhooks.innerText(),
    new RegExp(`ERROR\\s+Delivered[\\s\\S]*ES256.*${kid}`),
  )

  const tab = await tabOf(page, () => story.repair.click())
  assert.equal(await tab.evaluate(() => window.opener), null)
  await tab.getByRole('button', { name: 'Update login' }).click()
  await story.says('Repaired: the login works again.')
  assert.match(await story.items.innerText(), /Healthy$/)
  assert.equal(await story.done(), 3)
})

test('the whole story is told by the keyboard alone, on one screen', async (t) => {
  const { page, ...story } = await openStory(t, await startStory(t))
  const reach = async (button) => {
    for (let i = 0; i < 20; i += 1) {
      await page.keyboard.press('Tab')
      if (await button.evaluate((it) => it === document.activeElement)) return
    }
    assert.fail('the button is not reached')
  }
  await reach(story.create)
  await page.keyboard.press('Enter')
  await story.says('send the call')
  await reach(story.send)
  await page.keyboard.press('Enter')
  await story.webhooks.getByText('Signed', { exact: true }).waitFor()
  await reach(story.repair)
  const tab = await tabOf(page, () => page.keyboard.press('Enter'))
  const again = tab.getByRole('button', { name: 'Update login' })
  await again.focus()
  await tab.keyboard.press('Enter')
  await story.says('Repaired')
  await story.webhooks.first().locator('summary').focus()
  await page.keyboard.press('Enter')
  await story.webhooks.first().locator('pre').waitFor()
  assert.equal(await page.evaluate(() => window.scrollY), 0)
})

for (const colorScheme of ['light', 'dark']) {
  test(`axe finds nothing wrong with the story, ${colorScheme}, in any of its states`, async (t) => {
    const command = await startStory(t)
    const { page, ...story } = await openStory(t, command, {
      colorScheme,
      bypassCSP: true,
      reducedMotion: 'reduce',
    })
    await page.addScriptTag({ path: axe })
    const check = async (state) => {
      const { violations } = await page.evaluate(() => globalThis.axe.run())
      const found = violations.map(({ id, nodes }) => `${id}: ${nodes.map((it) => it.html)}`)
      assert.deepEqual(found, [], state)
    }
    await check('without an Item')
    await story.create.click()
    await story.says('The Item is healthy')
    await check('with an Item')
    await story.send.click()
    await story.webhooks.getByText('Signed', { exact: true }).waitFor()
    await story.webhooks.locator('summary').click()
    await check('with a broken Item and an open webhook')
    const tab = await tabOf(page, () => story.repair.click())
    await tab.getByRole('button', { name: 'Update login' }).click()
    await story.says('Repaired')
    await check('with a repaired Item')
    for (let count = 2; count < 8; count += 1) {
      await story.create.click()
      await story.items.nth(count - 1).waitFor()
    }
    await check('with many Items')
    await command.ended('SIGTERM')
    await story.says('The Sandbox is gone')
    await check('without the Sandbox')
  })
}

test('of several Items the newest is chosen, and any other can be', async (t) => {
  const { sandbox, ...command } = await startStory(t)
  const { page, ...story } = await openStory(t, command)
  const token = partsOf(page).input('access_token')
  await story.create.click()
  await story.says('The Item is healthy')
  const first = await token.inputValue()
  await story.send.click()
  await story.says('The login is broken')
  await story.create.click()
  await story.says('The Item is healthy')
  assert.notEqual(await token.inputValue(), first)
  assert.equal(await story.webhooks.count(), 0)

  await story.items.last().click()
  await story.says('The login is broken')
  assert.equal(await token.inputValue(), first)
  assert.equal(await story.webhooks.count(), 1)

  // What others do shows, too.
  const [{ item_id }] = (await control(sandbox, 'items')).items
  await fetch(`${sandbox}/_sandbox/items/${item_id}/repair`, { method: 'POST' })
  await story.says('Repaired')
})

test('after a reload the Items are there again, and their tokens are nowhere', async (t) => {
  const command = await startStory(t)
  const { page, ...story } = await openStory(t, command)
  await story.create.click()
  await story.says('The Item is healthy')
  await story.send.click()
  await story.webhooks.getByText('Signed', { exact: true }).waitFor()
  const kept = await page.evaluate(() => [{ ...localStorage }, { ...sessionStorage }])
  assert.deepEqual(kept, [{ utdk_gateway_url: command.url }, {}])

  await page.reload()

  await story.webhooks.getByText('Signed', { exact: true }).waitFor()
  assert.equal(await partsOf(page).input('access_token').inputValue(), '')
  const tab = await tabOf(page, () => story.repair.click())
  await tab.getByRole('button', { name: 'Update login' }).click()
  await story.says('its token with it: create another')
  assert.equal(await story.send.isEnabled(), false)
  await story.create.click()
  await story.says('The Item is healthy: send the call.')
})

test('a Sandbox that is gone is missed, and found when it is back', async (t) => {
  const first = await startStory(t)
  const { page, ...story } = await openStory(t, first)
  await story.create.click()
  await story.says('The Item is healthy')
  await first.ended('SIGTERM')
  await story.says('The Sandbox is gone: start it again with npx @utdk/plaid console.')
  for (const button of [story.create, story.send]) assert.equal(await button.isEnabled(), false)

  // The page stays where it was; the Sandbox is at a port of its own, which may be another.
  await startStory(t, ['--port', portOf({ url: first.url }).toString()])
  await story.says('Begin with an Item.')
  await story.create.click()
  await story.says('The Item is healthy')
  assert.equal(await page.getByText('Unreachable').count(), 0)
})

test('where the browser opens no tab, a link leads to the page', async (t) => {
  const { page, ...story } = await openStory(t, await startStory(t))
  await story.create.click()
  await story.says('The Item is healthy')
  await story.send.click()
  await story.says('The login is broken')
  await page.evaluate(() => {
    window.open = () => null
  })
  await story.repair.click()
  const link = story.story.getByRole('link', { name: 'The browser opened no tab' })
  const tab = await tabOf(page, () => link.click())
  await tab.getByRole('button', { name: 'Update login' }).click()
  await story.says('Repaired')
  assert.equal(await link.count(), 0)
})

test('a gateway without a Sandbox, or with one elsewhere, has no such story', async (t) => {
  const { gateway } = await startConsole(t)
  const page = await open(t, gateway.url)
  await reachable(page)
  assert.equal(await storyOf(page).story.count(), 0)
  const config = {
    credentials: 'start',
    upstream: 'sandbox.plaid.com',
    sandbox: { url: 'https://sandbox.example' },
  }
  const { url } = await startStandIn(t, () => {}, { config })
  await partsOf(page).url.fill(url)
  await partsOf(page).gateway.getByText('It sends the call to sandbox.plaid.com.').waitFor()
  assert.equal(await storyOf(page).story.count(), 0)
})

test('at another gateway the panel stays where it is, says so, and is what it was on the way back', async (t) => {
  const command = await startStory(t)
  const { page, ...story } = await openStory(t, command)
  await story.create.click()
  await story.says('The Item is healthy')
  const token = await partsOf(page).input('access_token').inputValue()
  const { gateway } = await startConsole(t, { allowOrigins: [command.url] })

  await partsOf(page).url.fill('')
  await story.says('Enter a gateway URL below to enable sending.')
  await partsOf(page).url.fill(gateway.url)
  await story.says('This gateway has none: enter the URL that npx @utdk/plaid console prints.')
  for (const button of [story.create, story.send, story.repair]) {
    assert.equal(await button.isEnabled(), false)
  }
  assert.equal(await story.items.count(), 0)

  await partsOf(page).url.fill(command.url)
  await story.says('The Item is healthy: send the call.')
  assert.equal(await story.items.count(), 1)
  await story.send.click()
  await story.says('The login is broken')
  assert.equal(await partsOf(page).input('access_token').inputValue(), token)
})

test('a page of the Sandbox’s that knows another gateway from before has the panel, and no story', async (t) => {
  const command = await startStory(t)
  const { gateway } = await startConsole(t, { allowOrigins: [command.url] })
  const page = await open(t, command.url)
  await reachable(page)
  await partsOf(page).url.fill(gateway.url)
  await storyOf(page).says('This gateway has none')
  await page.reload()
  await storyOf(page).says('This gateway has none')
  assert.equal(await partsOf(page).url.inputValue(), gateway.url)
})
