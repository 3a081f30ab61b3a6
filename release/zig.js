#!/usr/bin/env node
'use strict'

// A wrapper around zig for cargo-zigbuild: it links functions and data that are similar next to each
// other. gzip finds repetitions only within 32 KiB, so the packed binary gets a thirtieth smaller.
//
// LLD can sort this way, but zig does not pass LLD options it does not know. zig prints how it called
// LLD, and contains LLD as a command: this calls LLD a second time, with the options.

const { spawnSync } = require('node:child_process')

const ZIG = 'python-zig'
const CALL = 'ld.lld '
const SORTED = ['--bp-compression-sort=both', '--icf=all']

const parameters = process.argv.slice(2)
process.exitCode = parameters.includes('-shared') ? link() : zig(parameters).status

function link() {
  const env = { ...process.env, ZIG_VERBOSE_LINK: '1' }
  const { status, stderr } = zig(parameters, { env, stdio: ['inherit', 'inherit', 'pipe'] })
  if (status !== 0) {
    process.stderr.write(stderr)
    return status
  }
  const call = stderr.split('\n').find((line) => line.startsWith(CALL))
  if (!call) throw new Error(`zig did not print how it called LLD:\n${stderr}`)
  return zig(['ld.lld', ...call.slice(CALL.length).split(' '), ...SORTED]).status
}

function zig(command, options = {}) {
  const ended = spawnSync(ZIG, command, {
    stdio: 'inherit',
    encoding: 'utf8',
    maxBuffer: 1 << 26,
    ...options,
  })
  if (ended.error) throw ended.error
  return { ...ended, status: ended.status ?? 1 }
}
