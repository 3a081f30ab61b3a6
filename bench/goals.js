// Goals for figures, as data, and whether a run meets them.

'use strict'

const { OURS } = require('./plaid')

const MB = 1e6

const goal = (what, [measure, figure], bounds) => ({ what, measure, figure, bounds })

// A limit for our figure: in a unit, or relative to another figure of the same run.
const atLeast = (limit, options) => ({ sign: '≥', limit, ...options })
const atMost = (limit, options) => ({ sign: '≤', limit, ...options })
const inUnit = (unit, size = 1) => ({ unit, size })
const times = (subject) => ({ of: { subject } })
const timesOwn = (measure, figure) => ({ of: { subject: OURS, measure, figure }, isOwn: true })

/**
 * @param {(measure: string, subject: string, figure: string) => number | undefined} median
 * @returns a line for each bound: what, goal, measured, and `met`, undefined if it was not measured
 */
function judge(goals, median) {
  return goals.flatMap(({ what, measure, figure, bounds }) =>
    bounds.map((bound) => {
      const { sign, limit, size = 1, of } = bound
      const other = of && median(of.measure ?? measure, of.subject, of.figure ?? figure)
      const measured =
        (median(measure, OURS, figure) ?? Number.NaN) / (of ? (other ?? Number.NaN) : size)
      const isMeasured = !Number.isNaN(measured)
      const met = sign === '≥' ? measured >= limit : measured <= limit
      return {
        what,
        goal: `${sign} ${written(limit, bound)}`,
        measured: isMeasured ? written(measured, bound) : '',
        met: isMeasured ? met : undefined,
      }
    }),
  )
}

/** Writes a ratio as a fraction if its limit is a small one: 1/120, but 0.4 ×. */
function written(value, { sign, limit, unit, of, isOwn }) {
  const short = (number) => String(Number(number.toPrecision(3)))
  if (unit) return `${short(value)} ${unit}`
  if (isOwn) return short(value)
  return sign === '≤' && limit < 0.35 && value > 0 && value < 1
    ? `1/${short(1 / value)} ${of.subject}`
    : `${short(value)} × ${of.subject}`
}

module.exports = { MB, atLeast, atMost, goal, inUnit, judge, times, timesOwn }
