// What the package promises of its Sandbox's speed and weight, as data.

'use strict'

const MB = 1e6

const rate = (what, measure) => ({
  what,
  figure: [measure, 'repliesPerSecond'],
  bounds: [{ atLeast: 10_000, unit: 'replies/s' }],
})
const received = (what, measure) => ({
  what,
  figure: [measure, 'receivedInTheEnd'],
  bounds: [{ atLeast: 100, unit: '%', in: 0.01 }],
})
const memory = (what, measure, figure) => ({
  what,
  figure: [measure, figure],
  bounds: [{ atMost: 30, unit: 'MB', in: MB }],
})

const GOALS = [
  {
    what: 'ready, in a warm process',
    figure: ['warm', 'startMs'],
    bounds: [{ atMost: 10, unit: 'ms' }],
  },
  {
    what: 'ready, in a fresh process, import included',
    figure: ['fresh', 'readyMs'],
    bounds: [{ atMost: 10, unit: 'ms' }],
  },
  rate('reset_login, 16 connections', 'load 16'),
  rate('reset_login, 64 connections', 'load 64'),
  rate('reset_login, 16 connections, each firing a webhook', 'webhooks 16'),
  received('of these webhooks, received in the end', 'webhooks 16'),
  rate('reset_login, 64 connections, each firing a webhook', 'webhooks 64'),
  received('of these, received in the end', 'webhooks 64'),
  memory('10 000 Items by createItem', 'memory createItem', 'addedBytes'),
  memory('the same, each reset once', 'memory createItem', 'addedAfterResetsBytes'),
  memory('10 000 Items over HTTP', 'memory http', 'addedBytes'),
  memory('these, each reset once', 'memory http', 'addedAfterResetsBytes'),
  {
    what: 'I/O threads of 100 Sandboxes',
    figure: ['many', 'ioThreads'],
    bounds: [{ atMost: 1, unit: 'thread' }],
  },
]

module.exports = { GOALS }
