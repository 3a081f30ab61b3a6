'use strict'

// How the preload reaches Workers and child processes: by NODE_OPTIONS and `process.execArgv`. Both
// name its files absolutely: a child would look for `@utdk/plaid` from its own directory.

const { syncBuiltinESMExports } = require('node:module')
const path = require('node:path')
const { pathToFileURL } = require('node:url')
const workers = require('node:worker_threads')
const { HOST, NAME } = require('./intercept-hooks.js')

const FILE = pathToFileURL(path.join(__dirname, '../intercept.mjs')).href
const IN_WORKER = path.join(__dirname, 'intercept-worker.js')

/** Node's options that load the preload. They carry the Sandbox's URL. */
function ownOptions(sandboxUrl) {
  return [`--require=${IN_WORKER}`, `--import=${FILE}?sandbox=${encodeURIComponent(sandboxUrl)}`]
}

/** NODE_OPTIONS with the preload, in place of any other mention of it. */
function nodeOptions(given = '', sandboxUrl) {
  const own = ownOptions(sandboxUrl).map(quoted)
  const others = own.reduce((text, option) => text.replace(option, ''), given)
  return [...without(others.split(' ').filter(Boolean)), ...own].join(' ')
}

/** In NODE_OPTIONS, spaces separate options, and quotes and backslashes have a meaning. */
function quoted(option) {
  return /[ "\\]/.test(option) ? `"${option.replace(/["\\]/g, '\\$&')}"` : option
}

/** Makes the children of this process load the preload. */
function reachChildren(sandboxUrl) {
  const { env, execArgv } = process
  env.NODE_OPTIONS = nodeOptions(env.NODE_OPTIONS, sandboxUrl)
  const own = ownOptions(sandboxUrl)
  const others = execArgv.filter((option) => !own.includes(option))
  execArgv.splice(0, execArgv.length, ...without(others), ...own)
  // Clients read the lower-case one first.
  for (const name of ['NO_PROXY', 'no_proxy']) {
    const hosts = (env[name] ?? env.NO_PROXY ?? env.no_proxy ?? '').split(',').filter(Boolean)
    if (!hosts.includes(HOST)) env[name] = [...hosts, HOST].join(',')
  }
  reachWorkers(sandboxUrl)
}

/** Makes the Workers of this thread load the preload, also where Node would not. */
function reachWorkers(sandboxUrl) {
  const { Worker } = workers
  workers.Worker = new Proxy(Worker, {
    construct(target, [file, options, ...rest], newTarget) {
      const reached = [reachedCode(file, options), reachedOptions(options, sandboxUrl), ...rest]
      return Reflect.construct(target, reached, newTarget)
    },
  })
  // For `import { Worker } from 'node:worker_threads'`, and for the hooks.
  syncBuiltinESMExports()
}

/** Node 20 does not do what `--import` says for a Worker made of text. */
function reachedCode(file, options) {
  if (options?.eval !== true || typeof file !== 'string') return file
  const directive = /^\s*(['"])use strict\1/.test(file) ? '"use strict";' : ''
  return `${directive}typeof require==='function'&&require(${JSON.stringify(IN_WORKER)});${file}`
}

/** An environment of its own has no NODE_OPTIONS. */
function reachedOptions(options, sandboxUrl) {
  const env = options?.env
  if (typeof env !== 'object' || env === null || env === process.env) return options
  return { ...options, env: { ...env, NODE_OPTIONS: nodeOptions(env.NODE_OPTIONS, sandboxUrl) } }
}

/** `options` of Node without the preload as a user names it, or as another Sandbox's. */
function without(options) {
  const kept = []
  for (let i = 0; i < options.length; i += 1) {
    const [name, ...value] = options[i].split('=')
    if (name !== '--import' || !isOwn(value.length > 0 ? value.join('=') : options[i + 1])) {
      kept.push(options[i])
    } else if (value.length === 0) i += 1
  }
  return kept
}

function isOwn(imported = '') {
  const bare = imported.replace(/^"|"$/g, '')
  if (bare === NAME || bare === FILE || bare.startsWith(`${FILE}?`)) return true
  return /^\.{0,2}\//.test(bare) && pathToFileURL(path.resolve(bare)).href === FILE
}

module.exports = { nodeOptions, reachChildren, reachWorkers }
