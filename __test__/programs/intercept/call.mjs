// An app that makes one call, and prints the id of the Item that it got. With an argument it does so
// in another thread or process.

import { fork, spawn, spawnSync } from 'node:child_process'
import cluster from 'node:cluster'
import { once } from 'node:events'
import { fileURLToPath } from 'node:url'
import { Worker } from 'node:worker_threads'

const FILE = fileURLToPath(import.meta.url)
const [, , how, directory] = process.argv
/** A child finds the credentials here whatever its environment is. */
const [id, secret, token] = (process.argv[4] ?? '').split(' ').filter(Boolean)
const credentials = {
  client_id: id ?? process.env.PLAID_CLIENT_ID,
  secret: secret ?? process.env.PLAID_SECRET,
  access_token: token ?? process.env.ACCESS_TOKEN,
}
const passed = ['here', '', Object.values(credentials).join(' ')]

async function call() {
  const reply = await fetch('https://sandbox.plaid.com/item/get', {
    method: 'POST',
    headers: { 'content-type': 'application/json' },
    body: JSON.stringify(credentials),
  })
  console.log((await reply.json()).item.item_id)
  // Otherwise the channel to the primary keeps it running.
  cluster.worker?.disconnect()
}

/** The environment without what leads to the preload. */
function cleared() {
  const { NODE_OPTIONS, PLAID_SANDBOX_URL, ...rest } = process.env
  return rest
}

const WAYS = {
  here: call,
  worker: () => once(new Worker(FILE, { argv: passed }), 'exit'),
  'worker, env {}': () => once(new Worker(FILE, { argv: passed, env: {} }), 'exit'),
  'worker, execArgv []': () => once(new Worker(FILE, { argv: passed, execArgv: [] }), 'exit'),
  'worker of a worker': () => once(new Worker(FILE, { argv: ['worker'] }), 'exit'),
  'worker, eval': () => {
    const code = `import(${JSON.stringify(import.meta.url)})`
    return once(new Worker(code, { argv: passed, eval: true }), 'exit')
  },
  fork: () => once(fork(FILE, passed, { cwd: directory }), 'exit'),
  'fork, env {}': () => once(fork(FILE, passed, { env: {} }), 'exit'),
  'fork, execArgv []': () => once(fork(FILE, passed, { execArgv: [] }), 'exit'),
  'fork, no NODE_OPTIONS': () => once(fork(FILE, passed, { env: cleared() }), 'exit'),
  spawn: () =>
    once(spawn(process.execPath, [FILE, ...passed], { stdio: 'inherit', cwd: directory }), 'exit'),
  spawnSync: () => spawnSync(process.execPath, [FILE, ...passed], { stdio: 'inherit' }),
  'a shell': () =>
    once(spawn(`"${process.execPath}" "${FILE}" here`, { shell: true, stdio: 'inherit' }), 'exit'),
  cluster: () => {
    cluster.setupPrimary({ exec: FILE, args: passed })
    return once(cluster.fork(), 'exit')
  },
}

await WAYS[how]()
