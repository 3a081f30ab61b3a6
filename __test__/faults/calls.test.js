'use strict'

// Promise: 1 000 000 calls, a third failing and a tenth aborted, all settle, and memory stays flat.

const { test } = require('node:test')
const { checkCalls } = require('../support/flood.js')

test('1 000 000 calls all settle, and memory stays flat', (t) =>
  checkCalls(t, 1_000_000, { growthMib: 12, limitMs: 30 * 60_000 }))
