'use strict'

// Promise: two gateways behind nginx lose no call while callers misbehave, gateways are killed and
// stopped, and Plaid fails. docs/reliability.md has the figures. A gateway reads a secret that Kubernetes
// mounts.

const assert = require('node:assert/strict')
const fs = require('node:fs')
const os = require('node:os')
const path = require('node:path')
const { test } = require('node:test')
const { CLIENT_ID, SECRET } = require('../support/client.js')
const { startCommand } = require('../support/command.js')
const { runWithFaults, runWithRefusals, runWithStops } = require('../support/chaos.js')

const BOUND = { timeout: 10 * 60_000 }

test('20 000 calls with retries survive every fault at once', BOUND, (t) =>
  runWithFaults(t, 20_000),
)

test('10 000 calls without retries survive callers that are refused', BOUND, (t) =>
  runWithRefusals(t, 10_000),
)

test('10 000 calls without retries survive gateways that are stopped', BOUND, (t) =>
  runWithStops(t, 10_000),
)

/** Mounts a secret as Kubernetes does: read-only, of root, with mode 0440. Needs root. */
const MOUNT = `
  set -e
  mount -t tmpfs tmpfs "$DIRECTORY"
  printf 'PLAID_CLIENT_ID=%s\\nPLAID_SECRET=%s\\n' "$ID" "$SECRET" > "$DIRECTORY/plaid.env"
  chmod 0440 "$DIRECTORY/plaid.env"
  mount -o remount,ro "$DIRECTORY"
  exec "$@"
`

test('a gateway reads credentials that are mounted read-only with mode 0440', BOUND, async (t) => {
  const directory = fs.mkdtempSync(path.join(os.tmpdir(), 'plaid-mount-'))
  t.after(() => fs.rmSync(directory, { recursive: true }))
  const file = path.join(directory, 'plaid.env')
  const args = ['gateway', '--port', '0', '--credentials-file', file, '--log-format', 'json']
  const gateway = startCommand(t, args, {
    env: { DIRECTORY: directory, ID: CLIENT_ID, SECRET },
    through: (command) => ['unshare', '--mount', 'sh', '-c', MOUNT, 'sh', ...command],
  })
  const [, line] = await gateway.until(/^(.+)\n/)
  assert.equal(JSON.parse(line).credentials, 'start')
})
