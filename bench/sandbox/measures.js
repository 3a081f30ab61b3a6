// What is measured of the Sandbox, as data: each entry is one child process per subject and round.
//
// `kind` names a function of measure.js; what stands beside it are that function's settings.

'use strict'

const { OURS } = require('../subjects')
const { CEILING } = require('./subjects')

const SERVERS = [OURS, 'express', 'node:http', CEILING]
const IN_NODE = [OURS, 'express', 'node:http']
const CONNECTIONS = [16, 64]

/** How long and how often: the second is for a look, not for a figure to quote. */
const FULL = { warmUpMs: 1000, measureMs: 2000, starts: 200, fresh: 3, items: 10_000, many: 100 }
const QUICK = { warmUpMs: 200, measureMs: 400, starts: 20, fresh: 1, items: 1_000, many: 10 }

/** So that what grows is what is kept, not JavaScript's garbage. */
const LITTLE_GARBAGE = ['--expose-gc', '--max-semi-space-size=1']

/**
 * @param {typeof FULL} span
 * @returns every measure, in the order in which a round takes them
 */
function measures(span) {
  const { warmUpMs, measureMs, items } = span
  const load = CONNECTIONS.flatMap((connections) => [
    {
      name: `load ${connections}`,
      kind: 'load',
      subjects: SERVERS,
      settings: { connections, warmUpMs, measureMs, hasWebhook: false },
    },
    {
      name: `webhooks ${connections}`,
      kind: 'load',
      subjects: [OURS],
      settings: { connections, warmUpMs, measureMs, hasWebhook: true },
    },
  ])
  const memory = ['createItem', 'http'].map((way) => ({
    name: `memory ${way}`,
    kind: 'memory',
    subjects: [OURS],
    settings: { items, way },
    flags: LITTLE_GARBAGE,
  }))
  return [
    { name: 'fresh', kind: 'fresh', subjects: IN_NODE, settings: {}, repeat: span.fresh },
    { name: 'warm', kind: 'warm', subjects: IN_NODE, settings: { starts: span.starts } },
    ...load,
    ...memory,
    {
      name: 'many',
      kind: 'many',
      subjects: IN_NODE,
      settings: { servers: span.many },
      flags: LITTLE_GARBAGE,
    },
  ]
}

module.exports = { CONNECTIONS, FULL, QUICK, SERVERS, measures }
