// What is measured, as data: each entry is one child process per subject and round.
//
// `kind` names a function of measure.js; what stands beside it are that function's settings.

'use strict'

const { IDLE, OURS } = require('./subjects')

const CLIENTS = [OURS, 'plaid', 'fetch', 'undici']
const IN_FLIGHT = [1, 16, 64, 256, 1024]

/** How long and how often: the second is for a look, not for a figure to quote. */
const FULL = { warmUpMs: 1000, measureMs: 1500, pacedMs: 3000, calls: 50_000, starts: 3 }
const QUICK = { warmUpMs: 300, measureMs: 500, pacedMs: 1000, calls: 5_000, starts: 1 }

/**
 * @param {typeof FULL} span
 * @returns every measure, in the order in which a round takes them
 */
function measures(span) {
  const { warmUpMs, measureMs } = span
  const steady = ['http', 'https'].flatMap((scheme) =>
    IN_FLIGHT.map((inFlight) => ({
      name: `${scheme} ${inFlight}`,
      kind: 'steady',
      scheme,
      subjects: CLIENTS,
      settings: { inFlight, warmUpMs, measureMs },
    })),
  )
  const first = { kind: 'first', subjects: CLIENTS, settings: {}, repeat: span.starts }
  return [
    { name: 'first http', scheme: 'http', ...first },
    { name: 'first https', scheme: 'https', ...first },
    // Trusting one authority and nothing else spares the client the system's whole list of roots.
    { name: 'first https with ca', scheme: 'https', onlyCa: true, ...first },
    ...steady,
    {
      name: 'paced',
      kind: 'paced',
      scheme: 'http',
      slowServer: true,
      subjects: [IDLE, ...CLIENTS],
      settings: { perSecond: 500, warmUpMs, measureMs: span.pacedMs },
    },
    {
      name: 'memory',
      kind: 'memory',
      scheme: 'http',
      subjects: ['node', ...CLIENTS],
      settings: { inFlight: 64, calls: span.calls },
      // The slowest measure, and the steadiest.
      rounds: 3,
    },
  ]
}

module.exports = { CLIENTS, FULL, IN_FLIGHT, QUICK, measures }
