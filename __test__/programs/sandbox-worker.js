// A worker thread that starts a Sandbox, posts where it is, and closes it at any message.

const { parentPort } = require('node:worker_threads')
const { startSandbox } = require('../../sandbox.js')

async function main() {
  const sandbox = await startSandbox()
  parentPort.once('message', () => sandbox.close())
  const { url, clientId, secret } = sandbox
  parentPort.postMessage({ url, clientId, secret, ...(await sandbox.createItem()) })
}

main()
