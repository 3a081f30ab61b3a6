'use strict'

// Replaces every timer by one that never fires, as fake timers do, then makes a call to TEST_URL.

const timers = require('node:timers')
const { createPlaidClient } = require('../../index.js')

const fake = () => ({ ref() {}, unref() {}, hasRef: () => false })
const NAMES = ['setTimeout', 'setInterval', 'setImmediate', 'clearTimeout', 'clearInterval']
for (const name of [...NAMES, 'clearImmediate']) {
  timers[name] = fake
  globalThis[name] = fake
}
process.nextTick = fake
globalThis.queueMicrotask = fake

const { TEST_ACCESS_TOKEN: access_token, TEST_URL: baseUrl } = process.env
createPlaidClient({ baseUrl, clientId: 'id', secret: 'secret' })
  .sandboxitemresetlogin({ access_token })
  .then(() => require('node:fs').writeSync(1, 'answered'))
