'use strict'

// `utdk-plaid run`: an app under the preload, with a local Sandbox. It passes signals on to the app,
// and ends as the app ends.

const { spawn } = require('node:child_process')
const { constants } = require('node:os')
const { nodeOptions } = require('../lib/intercept-children.js')

const SIGNALS = ['SIGINT', 'SIGTERM', 'SIGHUP', 'SIGQUIT', 'SIGUSR2', 'SIGBREAK']
/** A terminal sends these to the app itself: a second Ctrl-C would end most servers at once. */
const OF_TERMINAL = ['SIGINT', 'SIGQUIT']

/** The exit code of a shell for a program that it cannot start. */
const NOT_STARTED = 127

/** @returns the `exitCode`, and the `text` of an error */
async function runApp({ app: [program, ...args], port, seed }) {
  const { PLAID_SANDBOX_URL: given } = process.env
  if (given && (port !== 0 || seed !== undefined)) {
    const text =
      'error: --port and --seed are for a new Sandbox, but PLAID_SANDBOX_URL names one: leave one out\n'
    return { exitCode: 2, text }
  }
  const sandbox = given ? undefined : await started({ port, seed })
  const env = appEnvironment(sandbox, given)
  if (sandbox) process.stderr.write(announcement(sandbox, env))
  const ended = await runChild(program, args, env)
  await sandbox?.close()
  if (ended.error) {
    const { code } = ended.error
    const why = code === 'ENOENT' ? 'there is no such program' : code
    return { exitCode: NOT_STARTED, text: `error: cannot start ${program}: ${why}\n` }
  }
  // As the app ended: its parent can tell a signal from an exit code.
  if (ended.signal) process.kill(process.pid, ended.signal)
  return { exitCode: ended.code }
}

function started({ port, seed }) {
  const { startSandbox } = require('../sandbox.js')
  return startSandbox({ port, seed, anyCredentials: true })
}

/** The app's environment: an app that has no credentials gets the Sandbox's. */
function appEnvironment(sandbox, given) {
  const { env } = process
  const url = sandbox?.url ?? given
  const own = { PLAID_SANDBOX_URL: url, NODE_OPTIONS: nodeOptions(env.NODE_OPTIONS, url) }
  if (!sandbox) return { ...env, ...own }
  return {
    ...env,
    PLAID_CLIENT_ID: env.PLAID_CLIENT_ID || sandbox.clientId,
    PLAID_SECRET: env.PLAID_SECRET || sandbox.secret,
    ...own,
  }
}

function announcement({ url, clientId, secret }, env) {
  const isOwn = env.PLAID_CLIENT_ID === clientId && env.PLAID_SECRET === secret
  const credentials = isOwn
    ? `PLAID_CLIENT_ID=${clientId}\nPLAID_SECRET=${secret}\n`
    : 'It accepts the credentials of your app.\n'
  return `A local Plaid Sandbox runs at ${url}\nConnections of your app to sandbox.plaid.com go there.\n${credentials}\n`
}

/** @returns the `code` or the `signal` that ended it, or the `error` that it did not start with */
function runChild(program, args, env) {
  const child = spawn(program, args, { env, stdio: 'inherit' })
  const isTerminal = [process.stdin, process.stdout, process.stderr].some(({ isTTY }) => isTTY)
  const pass = (signal) => {
    if (!isTerminal || !OF_TERMINAL.includes(signal)) child.kill(signal)
  }
  const known = SIGNALS.filter((signal) => constants.signals[signal] !== undefined)
  for (const signal of known) process.on(signal, pass)
  return new Promise((resolve) => {
    const end = (ended) => {
      for (const signal of known) process.off(signal, pass)
      resolve(ended)
    }
    child.on('error', (error) => end({ error }))
    child.on('exit', (code, signal) => end({ code, signal }))
  })
}

module.exports = { runApp }
