// How each measure is taken. The subject has a process and a core of its own.

'use strict'

const { spawn } = require('node:child_process')
const { once } = require('node:events')
const fs = require('node:fs')
const path = require('node:path')
const { CLIENT_ID, SECRET, newToken } = require('../plaid')
const { firstLine } = require('../prepare')
const { PROGRAMS } = require('./subjects')

/** How often to read the memory's peak, which Linux keeps. */
const READ_MS = 20

/** Resets every Item of a Sandbox in another process. */
async function rate(subject, items, tools) {
  const tokens = path.join(tools.directory, 'tokens.txt')
  const program = path.join(__dirname, 'sandbox.js')
  const sandbox = spawn(process.execPath, [program, String(items), tokens], {
    stdio: ['pipe', 'pipe', 'inherit'],
  })
  const ended = once(sandbox, 'exit')
  try {
    const { ms } = await run(subject, await firstLine(sandbox), { tokens, items, ...tools })
    return { itemsPerSecond: (items / ms) * 1000 }
  } finally {
    sandbox.stdin.end()
    await ended
  }
}

/** The peak for these tokens, less the peak for one. */
async function memory(subject, items, tools) {
  const server = { url: tools.upstream, clientId: CLIENT_ID, secret: SECRET }
  const peak = async (count) => {
    const tokens = path.join(tools.directory, 'tokens.txt')
    writeTokens(tokens, count)
    return (await run(subject, server, { tokens, items: count, ...tools })).peakBytes
  }
  return { addedBytes: (await peak(items)) - (await peak(1)) }
}

function writeTokens(file, count) {
  const chunk = 10_000
  fs.writeFileSync(file, '')
  for (let written = 0; written < count; written += chunk) {
    const length = Math.min(chunk, count - written)
    const lines = Array.from({ length }, () => `${newToken()}\n`)
    fs.appendFileSync(file, lines.join(''))
  }
}

/**
 * Resets the logins of a file's tokens, with files as standard input and output.
 * @returns the time that the subject prints, and the peak of its memory
 */
async function run(subject, server, { tokens, items, ownCore, directory }) {
  const output = path.join(directory, 'output.jsonl')
  const descriptors = [fs.openSync(tokens, 'r'), fs.openSync(output, 'w')]
  const child = spawn('taskset', ['-c', ownCore, process.execPath, ...PROGRAMS[subject]], {
    env: {
      PATH: process.env.PATH,
      PLAID_BASE_URL: server.url,
      PLAID_CLIENT_ID: server.clientId,
      PLAID_SECRET: server.secret,
    },
    stdio: [...descriptors, 'inherit'],
  })
  let peakBytes = 0
  const reading = setInterval(() => {
    peakBytes = Math.max(peakBytes, peakOf(child.pid))
  }, READ_MS)
  const [code] = await once(child, 'exit')
  clearInterval(reading)
  for (const descriptor of descriptors) fs.closeSync(descriptor)
  const last = JSON.parse(fs.readFileSync(output, 'utf8').trimEnd().split('\n').at(-1))
  if (code !== 0 || last.reset !== items) {
    throw new Error(`${last.reset} of ${items} logins were reset (exit code ${code})`)
  }
  return { ms: last.ms, peakBytes }
}

/** @returns the peak of a process's memory; 0 if it has ended */
function peakOf(pid) {
  try {
    const [, kibibytes] = /^VmHWM:\s*(\d+)/m.exec(fs.readFileSync(`/proc/${pid}/status`, 'utf8'))
    return Number(kibibytes) * 1024
  } catch {
    return 0
  }
}

module.exports = { memory, rate }
