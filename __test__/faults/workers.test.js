'use strict'

// Promise: 1 000 workers terminated in the middle of a call leave no thread and no connection.

const { test } = require('node:test')
const { checkWorkers } = require('../support/flood.js')

test('1 000 workers terminated in the middle of a call leave nothing behind', (t) =>
  checkWorkers(t, 1_000))
