// The figures as a person reads them: a table of all clients, and a table of the goals.

'use strict'

const { CLIENTS, IN_FLIGHT } = require('./measures')
const { OURS } = require('./subjects')

const grouped = new Intl.NumberFormat('en', { maximumFractionDigits: 0 })
const inMB = (bytes) => `${(bytes / 1e6).toFixed(1)} MB`
const inMs = (ms) => `${ms < 10 ? ms.toFixed(2) : ms.toFixed(0)} ms`
const inMicros = (micros) => `${micros < 10 ? micros.toFixed(1) : micros.toFixed(0)} µs`

/** The figures that every steady measure gives, and how each is written. */
const STEADY = [
  {
    title: 'requests/s',
    figure: 'requestsPerSecond',
    write: (rate) => grouped.format(rate),
    moreIsBetter: true,
  },
  { title: 'p50', figure: 'p50Ms', write: inMs },
  { title: 'p99', figure: 'p99Ms', write: inMs },
  { title: 'JavaScript-thread CPU per call', figure: 'threadMicros', write: inMicros },
  { title: 'process CPU per call', figure: 'processMicros', write: inMicros },
  { title: 'event-loop delay p99', figure: 'loopDelayP99Ms', write: inMs, noRatio: true },
]

const SINGLE = [
  {
    label: 'JavaScript-thread CPU per call',
    measure: 'paced',
    figure: 'threadMicrosOverIdle',
    write: inMicros,
  },
  {
    label: 'process CPU per call',
    measure: 'paced',
    figure: 'processMicrosOverIdle',
    write: inMicros,
  },
  { title: 'a fresh process' },
  { label: 'import', measure: 'first http', figure: 'importMs', write: inMs },
  { label: 'first reply, http', measure: 'first http', figure: 'firstReplyMs', write: inMs },
  { label: 'first reply, TLS', measure: 'first https', figure: 'firstReplyMs', write: inMs },
  {
    label: 'first reply, TLS, own ca',
    measure: 'first https with ca',
    figure: 'firstReplyMs',
    write: inMs,
  },
  { title: 'weight' },
  { label: 'memory over bare node', measure: 'memory', figure: 'rssOverBareBytes', write: inMB },
  { label: 'installed size', measure: 'installed', figure: 'bytes', write: inMB },
]

/** @returns the rows of the first table: titles, and lines of one figure for each client */
function rows() {
  const steady = ['http', 'https'].flatMap((scheme) =>
    STEADY.flatMap(({ title, ...row }) => [
      { title: `${title}, ${scheme === 'http' ? 'http' : 'TLS'}` },
      ...IN_FLIGHT.map((inFlight) => ({
        ...row,
        label: `${inFlight} in flight`,
        measure: `${scheme} ${inFlight}`,
      })),
    ]),
  )
  return [
    ...steady,
    { title: '500 calls/s against 20 ms of server time, over the idle loop' },
    ...SINGLE,
  ]
}

function cells(row, median) {
  const ours = median(row.measure, OURS, row.figure)
  return CLIENTS.map((subject) => {
    const figure = median(row.measure, subject, row.figure)
    if (figure === undefined) return ''
    const times = row.moreIsBetter ? ours / figure : figure / ours
    const hasRatio = subject !== OURS && !row.noRatio && ours > 0 && figure > 0
    return hasRatio ? `${row.write(figure)} (${asTimes(times)}×)` : row.write(figure)
  })
}

function asTimes(times) {
  if (times >= 10) return times.toFixed(0)
  return times >= 1 ? times.toFixed(1) : times.toPrecision(1)
}

function figuresTable(median) {
  const lines = rows().map((row) =>
    row.title ? [row.title] : [`  ${row.label}`, ...cells(row, median)],
  )
  const measured = lines.filter(
    (line) => line.length === 1 || line.slice(1).some((cell) => cell !== ''),
  )
  // A title with nothing under it says nothing.
  const kept = measured.filter((line, index) => line.length > 1 || measured[index + 1]?.length > 1)
  const legend = `Medians. (n×): the figure of ${OURS} is so many times better.`
  return `${legend}\n\n${table(['', ...CLIENTS], kept)}`
}

function goalsTable(goals) {
  const verdict = { true: 'met', false: 'MISSED', undefined: 'not measured' }
  const lines = goals.map(({ what, goal, measured, met }, index) => [
    what === goals[index - 1]?.what ? '' : what,
    goal,
    measured,
    verdict[met],
  ])
  return table(['goal', '', 'measured', ''], lines)
}

/** A line of one cell is a title and may run over the columns. */
function table(head, lines) {
  const full = [head, ...lines.filter((line) => line.length > 1)]
  const widths = head.map((_, column) => Math.max(...full.map((line) => line[column].length)))
  const write = (line) =>
    line
      .map((cell, column) => cell.padEnd(widths[column]))
      .join('   ')
      .trimEnd()
  const rule = '─'.repeat(write(widths.map((width) => 'x'.repeat(width))).length)
  return [
    write(head),
    rule,
    ...lines.map((line) => (line.length > 1 ? write(line) : line[0])),
  ].join('\n')
}

/** @returns the whole report, for a terminal */
function report({ machine, versions, settings, goals }, median) {
  const about = `${machine.cpu}, ${machine.cores} cores, ${machine.system}, load ${machine.loadBefore.toFixed(1)} before`
  const who = Object.entries(versions).map(([name, version]) => `${name} ${version}`)
  const parts = [about, who.join(', '), `rounds: ${settings.rounds}`]
  if (settings.quick)
    parts.push('a quick run: spans too short for figures to quote or goals to judge by')
  return [parts.join('\n'), figuresTable(median), goalsTable(goals)].join('\n\n')
}

module.exports = { report }
