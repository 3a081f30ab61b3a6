// The figures as a person reads them: a table of all subjects, and a table of the goals.

'use strict'

const { OURS } = require('./subjects')

const grouped = new Intl.NumberFormat('en', { maximumFractionDigits: 0 })
const inUnits = (number) => grouped.format(number)
const inMB = (bytes) => `${(bytes / 1e6).toFixed(1)} MB`
const inMs = (ms) => `${ms < 10 ? ms.toFixed(2) : ms.toFixed(0)} ms`
const inMicros = (micros) => `${micros < 10 ? micros.toFixed(1) : micros.toFixed(0)} µs`

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

function figuresTable({ columns, rows }, median) {
  const lines = rows.map((row) =>
    row.title ? [row.title] : [`  ${row.label}`, ...cells(row, columns, median)],
  )
  const measured = lines.filter(
    (line) => line.length === 1 || line.slice(1).some((cell) => cell !== ''),
  )
  // A title with nothing under it says nothing.
  const kept = measured.filter((line, index) => line.length > 1 || measured[index + 1]?.length > 1)
  const legend = `Medians. (n×): the figure of ${OURS} is so many times better.`
  return `${legend}\n\n${table(['', ...columns], kept)}`
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

/**
 * @param layout `columns`, the subjects; `rows`, titles, and lines of one figure for each subject
 * @returns the whole report, for a terminal
 */
function report({ machine, versions, settings, goals }, layout, median) {
  const about = `${machine.cpu}, ${machine.cores} cores, ${machine.system}, load ${machine.loadBefore.toFixed(1)} before`
  const who = Object.entries(versions).map(([name, version]) => `${name} ${version}`)
  const parts = [about, who.join(', '), `rounds: ${settings.rounds}`]
  if (settings.quick)
    parts.push('a quick run: spans too short for figures to quote or goals to judge by')
  return [parts.join('\n'), figuresTable(layout, median), goalsTable(goals)].join('\n\n')
}

module.exports = { inMB, inMicros, inMs, inUnits, report }
