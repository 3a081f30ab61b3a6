// A Sandbox with so many Items, in a process of its own, until standard input closes: writes their
// tokens to a file, and prints a line of JSON that says where it is.

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
