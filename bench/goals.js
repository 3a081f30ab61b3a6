// What the client promises of its speed and weight, as data, and whether a run bears it out.

'use strict'

const { OURS } = require('./subjects')

const MB = 1e6

/** `of` compares with that rival's figure, `in` only converts to the unit that the bound is in. */
const GOALS = [
  {
    what: 'requests/s at 64 in flight',
    figure: ['http 64', 'requestsPerSecond'],
    bounds: [
      { atLeast: 17, of: 'plaid' },
      { atLeast: 15, of: 'fetch' },
      { atLeast: 3.2, of: 'undici' },
    ],
  },
  {
    what: 'JavaScript-thread CPU per call at 64',
    figure: ['http 64', 'threadMicros'],
    bounds: [
      { atMost: 5, unit: 'µs' },
      { atMost: 1 / 120, of: 'plaid' },
      { atMost: 1 / 25, of: 'undici' },
    ],
  },
  {
    what: 'process CPU per call at 64',
    figure: ['http 64', 'processMicros'],
    bounds: [
      { atMost: 1 / 18, of: 'plaid' },
      { atMost: 1 / 3, of: 'undici' },
    ],
  },
  {
    what: 'p50 at 1 in flight',
    figure: ['http 1', 'p50Ms'],
    bounds: [
      { atMost: 0.4, of: 'plaid' },
      { atMost: 0.9, of: 'undici' },
    ],
  },
  {
    what: 'requests/s over TLS at 64',
    figure: ['https 64', 'requestsPerSecond'],
    bounds: [
      { atLeast: 17, of: 'plaid' },
      { atLeast: 3.2, of: 'undici' },
    ],
  },
  {
    what: 'JavaScript-thread CPU per call, paced, over the idle loop',
    figure: ['paced', 'threadMicrosOverIdle'],
    bounds: [
      { atMost: 60, unit: 'µs' },
      { atMost: 1 / 10, of: 'plaid' },
      { atMost: 1 / 4, of: 'undici' },
    ],
  },
  {
    what: 'requests/s kept from 64 to 1024 in flight',
    figure: ['http 1024', 'requestsPerSecond'],
    bounds: [{ atLeast: 0.9, ofOwn: ['http 64', 'requestsPerSecond'] }],
  },
  {
    what: 'import',
    figure: ['first http', 'importMs'],
    bounds: [
      { atMost: 5, unit: 'ms' },
      { atMost: 1 / 40, of: 'plaid' },
    ],
  },
  {
    what: 'first reply of a fresh process, http',
    figure: ['first http', 'firstReplyMs'],
    bounds: [{ atMost: 10, unit: 'ms' }],
  },
  {
    what: 'first reply of a fresh process, TLS',
    figure: ['first https', 'firstReplyMs'],
    bounds: [{ atMost: 25, unit: 'ms' }],
  },
  {
    what: 'first reply of a fresh process, TLS, its own ca',
    figure: ['first https with ca', 'firstReplyMs'],
    bounds: [{ atMost: 25, unit: 'ms' }],
  },
  {
    what: 'memory after the calls, over bare node',
    figure: ['memory', 'rssOverBareBytes'],
    bounds: [
      { atMost: 20, unit: 'MB', in: MB },
      { atMost: 1 / 8, of: 'plaid' },
    ],
  },
  {
    what: 'installed size',
    figure: ['installed', 'bytes'],
    bounds: [{ atMost: 6, unit: 'MB', in: MB }],
  },
]

/**
 * @param {typeof GOALS} goals
 * @param {(measure: string, subject: string, figure: string) => number | undefined} median
 * @returns a line per bound: what, goal, measured, and `met`, undefined if it was not measured
 */
function judge(goals, median) {
  return goals.flatMap(({ what, figure: [measure, name], bounds }) =>
    bounds.map((bound) => {
      const measured = compared(median, measure, name, bound)
      const limit = bound.atLeast ?? bound.atMost
      const sign = bound.atLeast === undefined ? '≤' : '≥'
      const met = bound.atLeast === undefined ? measured <= limit : measured >= limit
      return {
        what,
        goal: `${sign} ${written(limit, bound)}`,
        measured: Number.isNaN(measured) ? '' : written(measured, bound),
        met: Number.isNaN(measured) ? undefined : met,
      }
    }),
  )
}

/** Our figure as the bound states it; NaN if one of the figures that it takes is missing. */
function compared(median, measure, name, bound) {
  const ours = median(measure, OURS, name) ?? Number.NaN
  if (bound.of) return ours / (median(measure, bound.of, name) ?? Number.NaN)
  if (bound.ofOwn) {
    const [ownMeasure, ownName] = bound.ofOwn
    return ours / (median(ownMeasure, OURS, ownName) ?? Number.NaN)
  }
  return ours / (bound.in ?? 1)
}

/** A share is written as its bound is: 1/120 where the bound is such a fraction, 0.4 × elsewhere. */
function written(value, { atMost, of, unit }) {
  const short = (number) => String(Number(number.toPrecision(3)))
  if (unit) return `${short(value)} ${unit}`
  if (!of) return short(value)
  return atMost < 0.35 && value > 0 && value < 1
    ? `1/${short(1 / value)} ${of}`
    : `${short(value)} × ${of}`
}

module.exports = { GOALS, judge }
