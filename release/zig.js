#!/usr/bin/env node
'use strict'

// zig, as cargo-zigbuild calls it for Linux, but for one thing: functions and data that are alike
// lie side by side in the library it links, where gzip, which looks back no further than 32 KiB, can
// see that they are. It makes the packed binary a thirtieth smaller and nothing slower.
//
// LLD can do that, and zig hands LLD no option that it does not know itself. It tells how it called
// it, though, and brings the same LLD as a command: so that is called once more, with the option.

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
  if (!call) throw new Error(`zig did not say how it called LLD:\n${stderr}`)
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
