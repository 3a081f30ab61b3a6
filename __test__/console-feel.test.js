'use strict'

// Promise: the console feels calm and quick. Nothing on it moves by itself, typing never waits, a
// thumb finds what it is to tap, the focus is always in sight, and the browser has nothing to
// complain of.

const assert = require('node:assert/strict')
const { test } = require('node:test')
const {
  partsOf,
  reachable,
  send,
  startConsole,
  startStandIn,
  startStory,
  useBrowser,
} = require('./support/browser.js')
const { PRODUCTION_TOKEN, SECRET } = require('./support/client.js')

const { open } = useBrowser()

const DESKTOP = { width: 1280, height: 900 }
const PHONE = { width: 390, height: 844 }
const NARROW = { width: 320, height: 640 }

/** The two pages there are: each starts what serves it, and returns its URL. */
const PAGES = {
  'of a gateway': async (t) => (await startConsole(t)).gateway.url,
  'with the Sandbox': async (t) => (await startStory(t)).url,
}

/** The panel of the Sandbox. */
function panelOf(page) {
  return page.getByRole('region', { name: 'Local Sandbox' })
}

/** Makes an Item and breaks its login, until its webhook is there. */
async function breakItem(page) {
  const panel = panelOf(page)
  await panel.getByText('Live', { exact: true }).waitFor()
  await panel.getByRole('button', { name: 'Create' }).click()
  await panel.getByText('The Item is healthy').waitFor()
  await panel.getByRole('button', { name: 'Send' }).click()
  await panel.getByText('Signed', { exact: true }).waitFor()
}

/** Opens a page, waits until it knows all that it will, and watches what moves there. */
async function openWatched(t, url, options) {
  const page = await open(t, url, options)
  await reachable(page)
  if ((await panelOf(page).count()) > 0) await panelOf(page).getByText('Live').waitFor()
  await page.evaluate(() => {
    globalThis.shifts = []
    const observer = new PerformanceObserver((list) => globalThis.shifts.push(...list.getEntries()))
    observer.observe({ type: 'layout-shift', buffered: true })
  })
  return page
}

/**
 * What has moved since this was last asked, also if it was because of a key. What changes its width
 * at an edge or a middle that stays has not, nor have code, which is written anew as one types, and
 * the rows of a list whose newest comes first: all of them within a place that does not move.
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

/** Waits until what was drawn is also told of. */
function frames(page) {
  return page.evaluate(
    () =>
      new Promise((resolve) => {
        requestAnimationFrame(() => requestAnimationFrame(() => setTimeout(resolve)))
      }),
  )
}

/** Every field, and what brings out all that can be said of it. */
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
    test(`nothing moves on the page ${which}, ${screen}, while it loads and while one types`, async (t) => {
      const page = await openWatched(t, await start(t), { viewport })
      assert.deepEqual(await moved(page), [], 'while it loads')
      for (const [field, text] of mistakesOf(page)) {
        const before = await field.inputValue()
        // From its end, so that a URL is first a longer one, and then none.
        await field.press('End')
        await field.pressSequentially(text)
        assert.deepEqual(await moved(page), [], `after ${text}`)
        await field.fill('')
        assert.deepEqual(await moved(page), [], `without ${text}`)
        await field.fill(before)
      }
      await reachable(page)
      assert.deepEqual(await moved(page), [], 'when all is as it was')
    })
  }
}

test('nothing moves in the story: Items and webhooks have their place before they come', async (t) => {
  const { url } = await startStory(t)
  const page = await openWatched(t, url)
  await breakItem(page)
  assert.deepEqual(await moved(page), [])
  await page.reload()
  await panelOf(page).getByText('Signed', { exact: true }).waitFor()
  const again = await page.evaluate(
    () =>
      new Promise((resolve) => {
        const observer = new PerformanceObserver((list) => resolve(list.getEntries().length))
        observer.observe({ type: 'layout-shift', buffered: true })
        requestAnimationFrame(() => requestAnimationFrame(() => setTimeout(resolve, 0, 0)))
      }),
  )
  assert.equal(again, 0)
})

test('a Sandbox that is found while one types a URL moves nothing, and stays when one types on', async (t) => {
  const { sandbox } = await startStory(t)
  const config = { credentials: 'start', upstream: 'a Sandbox', sandbox: { url: sandbox } }
  const found = await startStandIn(t, () => {}, { config })
  const page = await openWatched(t, await PAGES['of a gateway'](t))
  const { url } = partsOf(page)
  assert.equal(await panelOf(page).count(), 0)

  await url.fill(found.url)
  await panelOf(page).getByText('Live', { exact: true }).waitFor()
  assert.deepEqual(await moved(page), [])

  await url.pressSequentially('/?')
  await partsOf(page).gateway.getByText('Leave out what follows').waitFor()
  assert.deepEqual(await moved(page), [])
  assert.equal(await panelOf(page).count(), 1)
})

test('a reply that keeps one waiting moves nothing when it comes', async (t) => {
  const { gateway, sandbox } = await startConsole(t)
  const page = await openWatched(t, gateway.url)
  const { access_token } = await sandbox.createItem()
  await sandbox.delay({ path: '/sandbox/item/reset_login', ms: 700 })
  for (const _ of ['the first', 'the second']) {
    await send(page, access_token)
    assert.deepEqual(await moved(page), [])
  }
})

/** Other programs take the processor, too: what was done quickly once is quick. */
const ROUNDS = 5

test('a key in any field makes no long task', async (t) => {
  const page = await open(t, await PAGES['with the Sandbox'](t))
  await reachable(page)
  await page.evaluate(() => {
    globalThis.tasks = []
    const observer = new PerformanceObserver((list) => globalThis.tasks.push(...list.getEntries()))
    observer.observe({ type: 'longtask' })
  })
  for (const [field, text] of mistakesOf(page)) {
    let fewest = Infinity
    for (let round = 0; round < ROUNDS && fewest > 0; round += 1) {
      await field.fill('')
      await frames(page)
      await page.evaluate(() => globalThis.tasks.splice(0))
      await field.pressSequentially(text)
      await frames(page)
      fewest = Math.min(fewest, await page.evaluate(() => globalThis.tasks.length))
    }
    assert.equal(fewest, 0, text)
  }
})

test('on a narrow screen the state of an Item is in sight, whatever its id', async (t) => {
  const page = await open(t, await PAGES['with the Sandbox'](t))
  await breakItem(page)
  for (const width of [320, 390, 1024]) {
    await page.setViewportSize({ width, height: 800 })
    const hidden = await panelOf(page)
      .getByRole('list', { name: 'Items' })
      .evaluate(({ parentElement: { scrollWidth, clientWidth } }) => scrollWidth - clientWidth)
    assert.equal(hidden, 0, `${width} px`)
  }
})

/** What a person may tap, but for links, which stand in sentences and are as high as a line. */
const TARGETS = 'button, input, summary'

test('on a phone everything can be tapped: 24 px at least, and 44 where one types or acts', async (t) => {
  const page = await open(t, await PAGES['with the Sandbox'](t), {
    viewport: NARROW,
    hasTouch: true,
    isMobile: true,
  })
  await breakItem(page)
  const small = await page.evaluate((targets) => {
    const actions = 'input, .actions button, .guide button'
    return [...document.querySelectorAll(targets)].flatMap((target) => {
      const { width, height } = target.getBoundingClientRect()
      const least = target.matches(actions) ? 44 : 24
      return Math.min(width, height) < least ? [`${target.outerHTML}: ${width} x ${height}`] : []
    })
  }, TARGETS)
  assert.deepEqual(small, [])
  // A smaller font has a phone zoom in on the field.
  const fonts = await page
    .locator('input')
    .evaluateAll((all) => all.map((it) => Number.parseFloat(getComputedStyle(it).fontSize)))
  assert.ok(Math.min(...fonts) >= 16, `${fonts}`)
})

test('wherever the focus goes after the story, it is in sight', async (t) => {
  const page = await open(t, await PAGES['with the Sandbox'](t))
  await breakItem(page)
  const count = await page.evaluate(() => {
    const all = [...document.querySelectorAll('a, button, input, summary, [tabindex]')]
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
      const isFree = focused.contains(middle) || focused.parentElement.contains(middle)
      return isMarked && isOnScreen && isFree ? null : focused.outerHTML.slice(0, 200)
    })
    assert.equal(hidden, null, `stop ${stop} of ${count}`)
  }
})

test('the browser has nothing to complain of, from the first paint to the repair', async (t) => {
  const complaints = []
  const listen = (page) =>
    page.on('console', (message) => complaints.push(`${message.type()}: ${message.text()}`))
  const page = await open(t, 'about:blank')
  listen(page)
  page.context().on('page', listen)
  await page.goto(await PAGES['with the Sandbox'](t))
  const panel = panelOf(page)
  await breakItem(page)
  await panel.locator('summary').click()
  await page.getByRole('tab', { name: 'curl' }).click()
  const [tab] = await Promise.all([
    page.waitForEvent('popup'),
    panel.getByRole('button', { name: 'Repair' }).click(),
  ])
  await tab.getByRole('button', { name: 'Update login' }).click()
  await panel.getByText('Repaired').waitFor()
  await page.reload()
  await reachable(page)
  assert.deepEqual(complaints, [])
})
