'use strict'

// Promise: 1 000 000 calls, a third failing and a tenth aborted, all settle, and memory stays flat.
// 50 000 calls at once are all answered.

const { test } = require('node:test')
const { checkCalls, checkCrowd } = require('../support/flood.js')

test('1 000 000 calls all settle, and memory stays flat', (t) =>
  checkCalls(t, 1_000_000, { growthMib: 12, limitMs: 30 * 60_000 }))

test('50 000 calls at once lose none where 1 024 files can be open', (t) =>
  checkCrowd(t, 50_000, { limitMs: 5 * 60_000 }))
