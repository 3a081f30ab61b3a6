'use strict'

// Takes the pictures of the command line in docs/screenshots: part of `npm run screenshots`. Each is
// what a terminal of 80 or 120 columns shows, with its colours.

const path = require('node:path')
const { createPlaidClient } = require('../index.js')
const { launchBrowser } = require('../__test__/support/browser.js')
const { inTerminal, startCommand } = require('../__test__/support/command.js')
const { post } = require('../__test__/support/sandbox.js')

const DIRECTORY = path.join(__dirname, '../docs/screenshots')

const CAPTURES = [
  { name: 'terminal-help', columns: 80, args: ['--help'] },
  { name: 'terminal-help-wide', columns: 120, args: ['sandbox', '--help'] },
  { name: 'terminal-sandbox', columns: 80, args: ['sandbox', '--seed', '1'], act: useSandbox },
  { name: 'terminal-demo', columns: 80, args: ['demo'] },
]

/** A break of a login, an unemulated route and a repair, as a backend's test makes them. */
async function useSandbox(command) {
  const [, baseUrl] = await command.until(/(http:\/\/127\.0\.0\.1:\d+)/)
  const [, clientId, secret] = await command.until(/CLIENT_ID=(\w+)[\s\S]*SECRET=(\w+)/)
  const headers = { 'content-type': 'application/json' }
  const control = async (path, body) => {
    const init = { method: 'POST', headers, body: JSON.stringify(body) }
    return (await fetch(`${baseUrl}/_sandbox/${path}`, init)).json()
  }
  const { access_token, item_id } = await control('items', { webhook: `${baseUrl}/_sandbox/inbox` })
  const sandbox = { url: baseUrl, clientId, secret }
  await createPlaidClient({ baseUrl, clientId, secret }).sandboxitemresetlogin({ access_token })
  await command.until(/ITEM\/ERROR/)
  await post(sandbox, '/accounts/get', { access_token })
  await control(`items/${item_id}/repair`, {})
  await post(sandbox, '/transfer/list', {})
  await command.until(/transfer\/list/)
}

/** What the terminal shows of a command, with its escape codes. */
async function shownBy({ args, columns, act }) {
  const through = (line) => inTerminal(line, columns)
  const command = startCommand({ after() {} }, args, { env: { TERM: 'xterm-256color' }, through })
  if (act) {
    await act(command)
    command.child.stdin.write('\u0003')
  }
  await command.ended()
  return command.stdout.replaceAll('\r\n', '\n').replace(/\^C.*\n?$/s, '')
}

async function main() {
  const { AnsiUp } = await import('ansi_up')
  const browser = await launchBrowser()
  try {
    for (const capture of CAPTURES) {
      const ansi = new AnsiUp()
      const html = ansi.ansi_to_html(await shownBy(capture))
      const page = await browser.newPage({ deviceScaleFactor: 2 })
      await page.setContent(
        `<body style="margin: 0"><pre style="display: inline-block; box-sizing: content-box; margin: 0; padding: 16px; width: ${capture.columns}ch; background: #14161b; color: #e4e6eb; font: 14px/1.45 'DejaVu Sans Mono'">${html}</pre>`,
      )
      const file = path.join(DIRECTORY, `${capture.name}.png`)
      await page.locator('pre').screenshot({ path: file })
      await page.close()
    }
  } finally {
    await browser.close()
  }
}

main()
