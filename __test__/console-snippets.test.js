'use strict'

// Promise: the snippets are the form's call. They run as copied, and mask secrets by default.

const assert = require('node:assert/strict')
const { execFile, spawn } = require('node:child_process')
const fs = require('node:fs')
const path = require('node:path')
const { test } = require('node:test')
const { promisify } = require('node:util')
const { partsOf, reachable, send, startConsole, useBrowser } = require('./support/browser.js')
const { CLIENT_ID, GATEWAY_TOKEN, SECRET } = require('./support/client.js')

const { open } = useBrowser()

const CLIPBOARD = { permissions: ['clipboard-read', 'clipboard-write'] }

/** Clicks one of the two copy buttons, and returns the clipboard's text. */
async function copied(page, button) {
  await page.getByRole('button', { name: button, exact: true }).click()
  await page.getByText(STATUS[button]).waitFor()
  return page.evaluate(() => navigator.clipboard.readText())
}

async function choose(page, language) {
  await partsOf(page).snippet.getByRole('tab', { name: language }).click()
}

const STATUS = { Copy: 'Copied with masked secrets.', 'Copy with secrets': 'Copied with secrets.' }

function code(page) {
  return partsOf(page).snippet.locator('pre').innerText()
}

/** Runs TypeScript in this directory, where the package resolves by its own name. */
async function runTypeScript(t, source) {
  const directory = fs.mkdtempSync(path.join(__dirname, 'console-snippet-'))
  t.after(() => fs.rmSync(directory, { recursive: true }))
  const file = path.join(directory, 'snippet.mts')
  fs.writeFileSync(file, source)
  const tsx = require.resolve('tsx/cli')
  const { stdout } = await promisify(execFile)(process.execPath, [tsx, file])
  return stdout
}

/** Runs a shell that reads `source` from standard input. */
async function runShell(source) {
  const shell = spawn('sh', ['-s'], { stdio: ['pipe', 'pipe', 'ignore'] })
  shell.stdin.end(source)
  return (await shell.stdout.setEncoding('utf8').toArray()).join('')
}

/** A response without its request ID. */
function withoutId({ request_id, ...rest }) {
  assert.match(request_id, /^\w{15}$/)
  return rest
}

test('both snippets run as copied, and print the response that the page shows', async (t) => {
  const { gateway, sandbox } = await startConsole(t, { token: GATEWAY_TOKEN })
  const page = await open(t, gateway.url, CLIPBOARD)
  const { token, input, output } = partsOf(page)
  await token.fill(GATEWAY_TOKEN)
  await reachable(page)
  const { access_token } = await sandbox.createItem()
  await input('client_id').fill(sandbox.clientId)
  await input('secret').fill(sandbox.secret)
  await send(page, access_token)
  const shown = JSON.parse(await output.locator('pre').innerText())

  const printed = await runTypeScript(t, await copied(page, 'Copy with secrets'))
  const object = printed.match(/^\{ request_id: '(\w{15})', reset_login: true \}\n$/)
  assert.ok(object, printed)
  assert.deepEqual(withoutId({ request_id: object[1], reset_login: true }), withoutId(shown))

  await choose(page, 'curl')
  const { data, meta } = JSON.parse(await runShell(await copied(page, 'Copy with secrets')))
  assert.deepEqual(withoutId(data), withoutId(shown))
  assert.deepEqual(Object.keys(meta), ['durationMs', 'requestId'])

  const fields = { access_token: `…${access_token.slice(-4)}`, client_id: '…', secret: '…' }
  const requests = (await sandbox.requests()).filter(({ path }) => path.endsWith('reset_login'))
  assert.equal(requests.length, 3)
  for (const request of requests) {
    assert.equal(request.status, 200)
    assert.deepEqual(Object.keys(request.fields).sort(), Object.keys(fields))
  }
})

test('snippets escape every string', async (t) => {
  const { gateway } = await startConsole(t)
  const page = await open(t, gateway.url, CLIPBOARD)
  await reachable(page)
  const odd = `'"\\\`$(echo x)\${x}';#$HOME\\'!"`
  await partsOf(page).input('secret').fill(odd)
  await partsOf(page).input('access_token').fill('access-sandbox-1')
  await partsOf(page).url.fill(`${gateway.url}/it's`)

  const source = await copied(page, 'Copy with secrets')
  const withFake = source.replace(/^import .*$/m, FAKE_CLIENT)
  const [{ gateway: to }, input] = JSON.parse(await runTypeScript(t, withFake))
  assert.deepEqual(input, { secret: odd, access_token: 'access-sandbox-1' })
  assert.equal(to.url, `${gateway.url}/it's`)

  await choose(page, 'curl')
  const shell = await copied(page, 'Copy with secrets')
  const [url, ...rest] = (await runShell(`curl() { printf '%s\\n' "$1"; cat; }\n${shell}`)).split(
    '\n',
  )
  assert.equal(url, `${gateway.url}/it's/tools/plaid/sandboxitemresetlogin`)
  assert.deepEqual(JSON.parse(rest.join('\n')).args, input)
})

/** Replaces the package, and returns its arguments. */
const FAKE_CLIENT = `const createPlaidClient = (options: object) => ({
  sandboxitemresetlogin: async (input: object) => JSON.stringify([options, input]),
})`

test('the code follows the form, and masks its secrets', async (t) => {
  const { gateway, sandbox } = await startConsole(t)
  const page = await open(t, gateway.url, CLIPBOARD)
  await reachable(page)
  const { access_token } = await sandbox.createItem()
  assert.match(await code(page), /access_token: 'access-sandbox-…'/)
  const { input, token } = partsOf(page)
  await token.fill(GATEWAY_TOKEN)
  await input('client_id').fill(CLIENT_ID)
  await input('secret').fill(SECRET)
  await input('access_token').fill(access_token)
  for (const language of ['TypeScript', 'curl']) {
    await choose(page, language)
    const shown = await code(page)
    assert.match(shown, new RegExp(`access-sandbox-••••${access_token.slice(-4)}\\b`))
    assert.equal(shown.match(/••••••••/g).length, 3, shown)
    const copy = await copied(page, 'Copy')
    assert.equal(copy.trim(), shown.trim())
    const everything = await page.locator('html').innerHTML()
    for (const secret of [CLIENT_ID, SECRET, GATEWAY_TOKEN, access_token]) {
      assert.ok(!everything.includes(secret) && !copy.includes(secret))
    }
    const clear = await copied(page, 'Copy with secrets')
    for (const secret of [CLIENT_ID, SECRET, GATEWAY_TOKEN, access_token]) {
      assert.ok(clear.includes(secret))
    }
  }
})

test('a copy that the browser blocks is reported', async (t) => {
  const { gateway } = await startConsole(t)
  const page = await open(t, gateway.url)
  await page.evaluate(() => Object.defineProperty(navigator, 'clipboard', { value: undefined }))
  const { snippet } = partsOf(page)
  await snippet.getByRole('button', { name: 'Copy', exact: true }).click()
  await snippet.getByText('Your browser blocked the copy.').waitFor()
})
