// node sandbox.js <items> <file>: a Sandbox in a process of its own, until standard input closes. It
// writes the tokens of its Items to the file, and prints a line of JSON: URL and credentials.

'use strict'

const fs = require('node:fs')
const { startSandbox } = require('../../sandbox.js')

async function main() {
  const [items, file] = process.argv.slice(2)
  const sandbox = await startSandbox()
  const made = await Promise.all(Array.from({ length: Number(items) }, () => sandbox.createItem()))
  fs.writeFileSync(file, made.map(({ access_token }) => `${access_token}\n`).join(''))
  process.stdin.once('end', () => process.exit(0)).resume()
  const { url, clientId, secret } = sandbox
  process.stdout.write(`${JSON.stringify({ url, clientId, secret })}\n`)
}

main()
