'use strict'

// Link in a browser: an application whose page embeds Plaid's script, which the Sandbox answers.

const { call, start } = require('./sandbox.js')
const { serve } = require('./browser.js')

const ORIGIN = 'https://cdn.plaid.com'

/** Answers the requests to Plaid's host of Link by the Sandbox. */
async function intercept(context, sandbox, { query = '' } = {}) {
  await context.route(`${ORIGIN}/**`, async (route) => {
    const { pathname } = new URL(route.request().url())
    const suffix = pathname.endsWith('.js') ? query : ''
    const url = sandbox.url + pathname + suffix
    const answered = route.fetch({ url, maxRetries: 0 }).then(
      (response) => route.fulfill({ response }),
      () => route.abort('connectionfailed'),
    )
    // The page may be gone by then.
    await answered.catch(() => {})
  })
}

/** Records every call of a callback in `calls`. */
const SCRIPT = `
  window.calls = []
  const record = (name) => (...parameters) => { calls.push({ name, parameters, at: performance.now() }) }
  const callbacks = Object.fromEntries(
    ['onSuccess', 'onExit', 'onEvent', 'onLoad'].map((name) => [name, record(name)]),
  )
  window.create = (config) => Plaid.create({ ...callbacks, ...config })
  window.create.embedded = (config, element) => Plaid.createEmbedded({ ...callbacks, ...config }, element)
`

/** Starts an application for the test `t`. Its page embeds Plaid's script. */
function startApp(
  t,
  { headers = {}, nonce, embed = `${ORIGIN}/link/v2/stable/link-initialize.js` },
) {
  const attribute = nonce ? ` nonce="${nonce}"` : ''
  const page = `<!doctype html>
    <html lang="en"><head><title>App</title></head>
    <body><h1>App</h1><button id="open">Connect</button><div id="embedded"></div>
    <script${attribute} src="${embed}"></script><script${attribute}>${SCRIPT}</script></body></html>`
  return serve(t, (_request, response) => {
    response.writeHead(200, { 'content-type': 'text/html; charset=utf-8', ...headers }).end(page)
  })
}

/**
 * @returns `app(t, options)`, which opens an application whose Link is answered by a new Sandbox.
 * `page`: of the browser's context; `app`: of the application; the others are of `intercept`
 */
function useApp(open) {
  return async (t, { page: pageOptions, app: appOptions = {}, ...options } = {}) => {
    const sandbox = await start(t, { seed: 1 })
    const { url } = await startApp(t, appOptions)
    const page = await open(t, 'about:blank', pageOptions)
    page.setDefaultTimeout(10_000)
    await intercept(page.context(), sandbox, options)
    await page.goto(url)
    return { sandbox, page, url, ...linkOf(page) }
  }
}

/** A link token for a new Item. */
async function newToken(sandbox, fields) {
  const { link_token } = await call(sandbox, '/link/token/create', {
    client_name: 'Wonder Budget',
    country_codes: ['US'],
    language: 'en',
    products: ['transactions'],
    user: { client_user_id: 'user-1' },
    ...fields,
  })
  return link_token
}

/** A link token for update mode of an Item. */
function updateToken(sandbox, { access_token }, fields) {
  return newToken(sandbox, { access_token, products: undefined, ...fields })
}

/** Opens Link with this configuration, whose callbacks are recorded. */
async function openLink(page, config) {
  await page.evaluate((config) => {
    window.handler = window.create(config)
    window.handler.open()
  }, config)
}

/** The frame's parts. */
function linkOf(page) {
  const frame = page.frameLocator('iframe[title="Plaid Link"]')
  const button = (name) => frame.getByRole('button', { name, exact: true })
  async function select(name) {
    await button('Continue without phone number').click()
    await frame.getByPlaceholder('Search').fill(name)
    await frame.getByText(name, { exact: true }).click()
  }
  return {
    frame,
    button,
    heading: (name) => frame.getByRole('heading', { name }).waitFor(),
    select,
    /** As suites for Plaid's own Sandbox do. */
    async selectFirstPlatypus() {
      await select('First Platypus Bank')
      await frame.getByText('First Platypus Bank', { exact: true }).last().click()
    },
    async logIn(username = 'user_good', password = 'pass_good') {
      await type(frame.getByLabel('Username', { exact: true }), username)
      await type(frame.getByLabel('Password', { exact: true }), password)
      await button('Submit').click()
    },
  }
}

/**
 * Fills a field. Where a service worker controls the page, headless Chromium at times drops all text
 * for a frame of another origin; then the event of the text is made here.
 */
async function type(field, text) {
  await field.fill(text)
  if ((await field.inputValue()) === text) return
  await field.evaluate((input, text) => {
    input.value = text
    input.dispatchEvent(new Event('input', { bubbles: true }))
  }, text)
}

/** The parameters of the callback `name`, once it was called. */
async function called(page, name) {
  await page.waitForFunction((name) => window.calls.some((it) => it.name === name), name)
  return (await calls(page)).find((it) => it.name === name).parameters
}

/**
 * Goes through every pane of Link, and calls `check(name)` in each.
 */
async function everyPane(sandbox, page, check) {
  const { frame, button, heading, select, selectFirstPlatypus, logIn } = linkOf(page)
  const atTartan = async () => {
    await openLink(page, { token: await newToken(sandbox) })
    await select('Tartan Bank')
    await heading('Log in at Tartan Bank')
  }
  await openLink(page, { token: await newToken(sandbox) })
  await heading('Connect')
  await check('consent')
  await button('Continue without phone number').click()
  await heading('Select your institution')
  await check('institutions')
  await frame.getByPlaceholder('Search').fill('no such bank')
  await check('no institution')
  await forget(page)

  await openLink(page, { token: await newToken(sandbox) })
  await select('First Platypus Bank')
  await heading('Select how you log in')
  await check('logins')
  await forget(page)

  await openLink(page, { token: await newToken(sandbox) })
  await selectFirstPlatypus()
  await heading('Log in at First Platypus Bank')
  await check('credentials')
  await logIn('user_good', 'wrong')
  await frame.getByText('INVALID_CREDENTIALS').waitFor()
  await check('wrong credentials')
  await logIn('user_good', 'mfa_device')
  await heading('Verify')
  await check('device')
  await button('Continue').click()
  await heading('Enter the code')
  await check('code')
  await frame.getByLabel('Code').fill('1234')
  await button('Submit').click()
  await heading('Your accounts')
  await check('accounts')
  await button('Continue').click()
  await heading('Success')
  await check('connected')
  await forget(page)

  for (const [password, name, title] of [
    ['mfa_questions_1_2', 'questions', 'Answer'],
    ['mfa_selections_1_2_3', 'selections', 'Answer'],
    ['error_ITEM_LOCKED', 'failed', 'Tartan Bank cannot be connected'],
  ]) {
    await atTartan()
    await logIn('user_good', password)
    await heading(title)
    await check(name)
    await forget(page)
  }

  await openLink(page, { token: await newToken(sandbox) })
  await select('Platypus OAuth Bank')
  await heading('Log in at Platypus OAuth Bank')
  await check('OAuth')
  await forget(page)

  const item = await sandbox.createItem()
  await openLink(page, { token: await updateToken(sandbox, item) })
  await heading('Log in again')
  await check('update mode')
  await logIn()
  await heading('Success')
  await check('updated')
  await forget(page)
}

/** The frame of Link that is open. */
async function frameOf(page) {
  const element = await page.waitForSelector('iframe[title="Plaid Link"]')
  return element.contentFrame()
}

const calls = (page) => page.evaluate(() => window.calls)

/** Destroys the handler, and forgets what was called. */
function forget(page) {
  return page.evaluate(() => {
    window.handler.destroy()
    window.calls.length = 0
  })
}

/** The names of the callbacks that were called, in order, with those of the events. */
async function order(page) {
  return (await calls(page)).map(({ name, parameters }) => {
    if (name !== 'onEvent') return name
    const [event, { view_name }] = parameters
    return event === 'TRANSITION_VIEW' ? view_name : event
  })
}

module.exports = {
  called,
  calls,
  everyPane,
  frameOf,
  forget,
  intercept,
  linkOf,
  newToken,
  openLink,
  order,
  ORIGIN,
  startApp,
  updateToken,
  useApp,
}
