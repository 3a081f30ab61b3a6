// Starts a gateway, prints the status of its /healthz, and leaves the gateway open.

const { startGateway } = require('../../gateway.js')

async function main() {
  const { url } = await startGateway()
  const { status } = await fetch(`${url}/healthz`, { headers: { connection: 'close' } })
  process.stdout.write(String(status))
}

main()
