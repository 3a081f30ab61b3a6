// What the package promises of its gateway's speed and weight, as data.

'use strict'

const { NGINX } = require('./subjects')

const MB = 1e6

const GOALS = [
  {
    what: 'replies/s at 64 in flight',
    figure: ['load 64', 'repliesPerSecond'],
    bounds: [{ atLeast: 0.7, of: NGINX }],
  },
  {
    what: 'p50 added to the server, 1 in flight',
    figure: ['load 1', 'addedP50Ms'],
    bounds: [{ atMost: 1.5, of: NGINX }],
  },
  {
    what: 'p50 added to the server, 64 in flight',
    figure: ['load 64', 'addedP50Ms'],
    bounds: [{ atMost: 1.5, of: NGINX }],
  },
  {
    what: 'memory added to a process that has imported the addon, under load',
    figure: ['load 64', 'addedBytes'],
    bounds: [{ atMost: 20, unit: 'MB', in: MB }],
  },
  {
    what: 'from startGateway() to the first answer, in a fresh process',
    figure: ['start', 'startMs'],
    bounds: [{ atMost: 50, unit: 'ms' }],
  },
]

module.exports = { GOALS }
