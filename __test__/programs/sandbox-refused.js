// Tries to start Sandboxes with options that must be refused, and prints how each one was.

const { startSandbox } = require('../../sandbox.js')

const ports = [-1, 65_536, 1.5, '8080', null, Number.NaN]
const refused = [...ports.map((port) => ({ port })), { prot: 1 }, null, 8080]

async function main() {
  const refusals = []
  for (const options of refused) {
    await startSandbox(options).catch(({ name, code, field }) => refusals.push([name, code, field]))
  }
  process.stdout.write(JSON.stringify(refusals))
}

main()
