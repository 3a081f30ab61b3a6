// Who is measured, and how: the command, given the tokens on standard input, and a loop over the
// package's client that is given the same ones. Either has a process and a core of its own.

'use strict'

const { spawn } = require('node:child_process')
const { randomUUID } = require('node:crypto')
const { once } = require('node:events')
const fs = require('node:fs')
const path = require('node:path')
const { OURS } = require('../subjects')

/** `utdk-plaid reset-login`. */
const COMMAND = OURS
const CLIENT = 'bare client'
const SUBJECTS = [COMMAND, CLIENT]

const PROGRAMS = {
  [COMMAND]: [path.join(__dirname, '../../bin/utdk-plaid.js'), 'reset-login', '--json'],
  [CLIENT]: [path.join(__dirname, 'client.js')],
}

// Made up: the server only checks that they are there.
const CLIENT_ID = '0123456789abcdef01234567'
const SECRET = 'fedcba9876543210fedcba98765432'

/** How often the memory of a process is looked at; what counts is the peak that Linux keeps. */
const LOOK_MS = 20

/** @returns what `takeRounds` calls for the figures of a measure and a subject */
function take(tools) {
  return ({ kind, settings }, subject) => ({ rate, memory })[kind](subject, settings, tools)
}

/** Every Item of a Sandbox in a process of its own. */
async function rate(subject, { items }, { directory, ownCore }) {
  const tokens = path.join(directory, 'tokens.txt')
  const program = path.join(__dirname, 'sandbox.js')
  const sandbox = spawn(process.execPath, [program, String(items), tokens], {
    stdio: ['pipe', 'pipe', 'inherit'],
  })
  const ended = once(sandbox, 'exit')
  try {
    const [line] = await once(sandbox.stdout.setEncoding('utf8'), 'data')
    const { ms } = await run(subject, { ...JSON.parse(line), tokens, items, ownCore, directory })
    return { itemsPerSecond: (items / ms) * 1000 }
  } finally {
    sandbox.stdin.end()
    await ended
  }
}

/** Beyond what the same command takes for a single token. */
async function memory(subject, { items }, { upstream, directory, ownCore }) {
  const server = { url: upstream, clientId: CLIENT_ID, secret: SECRET, ownCore, directory }
  const peak = async (count) => {
    const tokens = path.join(directory, 'tokens.txt')
    writeTokens(tokens, count)
    return (await run(subject, { ...server, tokens, items: count })).peakBytes
  }
  return { addedBytes: (await peak(items)) - (await peak(1)) }
}

function writeTokens(file, count) {
  const chunk = 10_000
  fs.writeFileSync(file, '')
  for (let written = 0; written < count; written += chunk) {
    const length = Math.min(chunk, count - written)
    const lines = Array.from({ length }, () => `access-sandbox-${randomUUID()}\n`)
    fs.appendFileSync(file, lines.join(''))
  }
}

/**
 * Resets the logins of a file's tokens, which come by standard input.
 * @returns how long that took by the subject's own account, and its memory's peak
 */
async function run(subject, { url, clientId, secret, tokens, items, ownCore, directory }) {
  const output = path.join(directory, 'output.jsonl')
  const descriptors = [fs.openSync(tokens, 'r'), fs.openSync(output, 'w')]
  const child = spawn('taskset', ['-c', ownCore, process.execPath, ...PROGRAMS[subject]], {
    env: {
      PATH: process.env.PATH,
      PLAID_BASE_URL: url,
      PLAID_CLIENT_ID: clientId,
      PLAID_SECRET: secret,
    },
    stdio: [...descriptors, 'inherit'],
  })
  const ended = once(child, 'exit')
  let peakBytes = 0
  const looking = setInterval(() => {
    peakBytes = Math.max(peakBytes, peakOf(child.pid))
  }, LOOK_MS)
  const [code] = await ended
  clearInterval(looking)
  for (const descriptor of descriptors) fs.closeSync(descriptor)
  const last = JSON.parse(fs.readFileSync(output, 'utf8').trimEnd().split('\n').at(-1))
  if (code !== 0 || last.reset !== items) {
    throw new Error(`${last.reset} of ${items} logins were reset (exit code ${code})`)
  }
  return { ms: last.ms, peakBytes }
}

/** @returns 0 for a process that has ended */
function peakOf(pid) {
  try {
    const [, kibibytes] = /^VmHWM:\s*(\d+)/m.exec(fs.readFileSync(`/proc/${pid}/status`, 'utf8'))
    return Number(kibibytes) * 1024
  } catch {
    return 0
  }
}

module.exports = { CLIENT, COMMAND, SUBJECTS, take }
