// Starts a Sandbox, creates an Item, and leaves the Sandbox open.

const { startSandbox } = require('../../sandbox.js')

async function main() {
  const sandbox = await startSandbox()
  await sandbox.createItem()
  process.stdout.write('open')
}

main()
