'use strict'

// Promise: two gateways behind nginx lose no call while callers misbehave, gateways are killed and
// stopped, and Plaid fails. docs/reliability.md has the figures.

const { test } = require('node:test')
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
