// The tables of a report: the figures of all subjects, and the goals.

'use strict'

const { OURS } = require('./plaid')

const grouped = new Intl.NumberFormat('en', { maximumFractionDigits: 0 })
const inUnits = (number) => grouped.format(number)
const inMB = (bytes) => `${(bytes / 1e6).toFixed(1)} MB`
const inMs = (ms) => `${ms < 10 ? ms.toFixed(2) : ms.toFixed(0)} ms`
const inMicros = (micros) => `${micros < 10 ? micros.toFixed(1) : micros.toFixed(0)} µs`

// The rows of a table: titles, and lines with one figure of each subject.
const title = (text) => ({ title: text })
const line = (label, measure, figure, write, options) => ({
  label,
  measure,
  figure,
  write,
  ...options,
})

/** A title, and a line for each load. */
const perLoad = (text, loads, label, measure, figure, write, options) => [
  title(text),
  ...loads.map((load) => line(`${load} ${label}`, `${measure} ${load}`, figure, write, options)),
]

/** @returns the whole report, for a terminal */
function report({ machine, versions, settings, goals }, { columns, rows }, median) {
  const about = `${machine.cpu}, ${machine.cores} cores, ${machine.system}, load ${machine.loadBefore.toFixed(1)} before`
  const who = Object.entries(versions).map(([name, version]) => `${name} ${version}`)
  const parts = [about, who.join(', '), `rounds: ${settings.rounds}`]
  if (settings.quick) parts.push('a quick run: too short for figures to quote or goals to judge')
  const legend = `Medians. (n×): the figure of ${OURS} is n times better.`
  const figures = `${legend}\n\n${figuresTable(columns, rows, median)}`
  return [parts.join('\n'), figures, goalsTable(goals)].join('\n\n')
}

function figuresTable(columns, rows, median) {
  const lines = rows
    .map((row) => (row.title ? [row.title] : [`  ${row.label}`, ...cells(row, columns, median)]))
    .filter((line) => line.length === 1 || line.slice(1).some((cell) => cell !== ''))
  // A title needs a line below it.
  const kept = lines.filter((line, i) => line.length > 1 || lines[i + 1]?.length > 1)
  return table(['', ...columns], kept)
}

function cells(row, columns, median) {
  const ours = median(row.measure, OURS, row.figure)
  return columns.map((subject) => {
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

function goalsTable(goals) {
  const verdict = { true: 'met', false: 'MISSED', undefined: 'not measured' }
  const lines = goals.map(({ what, goal, measured, met }, i) => [
    what === goals[i - 1]?.what ? '' : what,
    goal,
    measured,
    verdict[met],
  ])
  return table(['goal', '', 'measured', ''], lines)
}

/** A line of one cell is a title, which may run over the columns. */
function table(head, lines) {
  const full = [head, ...lines.filter((line) => line.length > 1)]
  const widths = head.map((_, column) => Math.max(...full.map((line) => line[column].length)))
  const write = (line) =>
    line
      .map((cell, column) => cell.padEnd(widths[column]))
      .join('   ')
      .trimEnd()
  const rule = '─'.repeat(write(widths.map((width) => 'x'.repeat(width))).length)
  const body = lines.map((line) => (line.length > 1 ? write(line) : line[0]))
  return [write(head), rule, ...body].join('\n')
}

module.exports = { inMB, inMicros, inMs, inUnits, line, perLoad, report, title }
