'use strict'

// Runs programs under the preload. A connection that the preload misses fails: below it, another
// preload lets a process connect to loopback only.

const path = require('node:path')
const { run } = require('./child.js')
const { start } = require('./sandbox.js')

const root = path.join(__dirname, '../..')
const program = (name) => path.join(root, '__test__/programs/intercept', name)
const GUARD = `--require=${program('loopback-only.js')}`
const PRELOAD = '--import=@utdk/plaid/intercept'

/** A Sandbox with an Item, and the environment of an app that uses them. */
async function startedSandbox(t, options) {
  const sandbox = await start(t, options)
  const { access_token, item_id } = await sandbox.createItem()
  const env = {
    NODE_OPTIONS: GUARD,
    // Of this test runner: a program would print for it.
    NODE_TEST_CONTEXT: '',
    NODE_ENV: '',
    PLAID_SANDBOX_URL: sandbox.url,
    PLAID_CLIENT_ID: sandbox.clientId,
    PLAID_SECRET: sandbox.secret,
    ACCESS_TOKEN: access_token,
  }
  return { sandbox, item_id, env }
}

/** Runs a program under the preload, which is found from this package. */
function runIntercepted(name, { args = [], env, cwd = root, options = [PRELOAD] } = {}) {
  const file = path.isAbsolute(name) ? name : program(name)
  const NODE_OPTIONS = [env.NODE_OPTIONS, ...options].filter(Boolean).join(' ')
  return run(file, { args, cwd, env: { ...env, NODE_OPTIONS } })
}

module.exports = { GUARD, PRELOAD, program, root, runIntercepted, startedSandbox }
