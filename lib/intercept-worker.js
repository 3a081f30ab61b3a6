'use strict'

// The preload in a Worker, by `--require`, which Node also does for a Worker made of text. The thread
// that made the Worker has left there where the Sandbox is.

const { getEnvironmentData, isMainThread } = require('node:worker_threads')
const { NAME, install, isInstalled } = require('./intercept-hooks.js')

const target = isMainThread ? undefined : getEnvironmentData(NAME)
if (target !== undefined && !isInstalled()) {
  install(target)
  require('./intercept-children.js').reachWorkers(target.url)
}
