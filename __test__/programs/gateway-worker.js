// A worker thread that starts a gateway with the given options, posts its URL, and closes it on any
// message.

const { parentPort, workerData } = require('node:worker_threads')
const { startGateway } = require('../../gateway.js')

startGateway(workerData).then((gateway) => {
  parentPort.once('message', () => gateway.close())
  parentPort.postMessage({ url: gateway.url })
})
