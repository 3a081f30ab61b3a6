// Rounds of measures, each in a fresh process, and their medians.

'use strict'

const { execFile } = require('node:child_process')
const { promisify } = require('node:util')

/** Far longer than the slowest measure of the slowest subject takes. */
const CHILD_TIMEOUT_MS = 300_000

/**
 * Takes every measure of every subject in each round, so that drift affects all subjects alike.
 *
 * @param chosen the subjects to measure; a subject that cannot be chosen is a baseline
 * @param take resolves with the figures of a measure and a subject; its third argument has this
 *   round's figures of the subjects before
 */
async function takeRounds({ rounds, subjects: chosen, wants }, all, measures, take) {
  const taken = []
  const failures = []
  const wanted = measures.filter(({ name }) => wants(name))
  for (let round = 1; round <= rounds; round += 1) {
    for (const measure of wanted.filter((each) => round <= (each.rounds ?? rounds))) {
      console.error(`round ${round} of ${rounds}: ${measure.name}`)
      const baselines = measure.subjects.filter((subject) => !all.includes(subject))
      const others = measure.subjects.filter((subject) => chosen.includes(subject))
      const turn = [...baselines, ...rotated(others, round)]
      const figuresOf = {}
      for (const subject of Array(measure.repeat ?? 1)
        .fill(turn)
        .flat()) {
        try {
          const figures = await take(measure, subject, figuresOf)
          figuresOf[subject] = figures
          taken.push({ round, measure: measure.name, subject, figures })
        } catch (error) {
          console.error(`${subject}, ${measure.name}: ${error.message}`)
          failures.push({ round, measure: measure.name, subject, error: error.message })
        }
      }
    }
  }
  return { taken, failures }
}

/** Each round starts with another subject. */
function rotated(subjects, round) {
  const turn = round % subjects.length
  return [...subjects.slice(turn), ...subjects.slice(0, turn)]
}

/**
 * Runs Node without the user's environment, which may set a proxy or Plaid's variables.
 * @returns what it prints, parsed
 */
async function child(command, extraEnvironment) {
  const env = { PATH: process.env.PATH, HOME: process.env.HOME, ...extraEnvironment }
  const options = { env, timeout: CHILD_TIMEOUT_MS }
  const { stdout } = await promisify(execFile)(process.execPath, command, options)
  return JSON.parse(stdout)
}

/** @returns the medians of `taken`, as a function of measure, subject and figure, and as an object */
function mediansOf(taken) {
  const values = {}
  for (const { measure, subject, figures } of taken) {
    values[measure] ??= {}
    values[measure][subject] ??= {}
    for (const [figure, value] of Object.entries(figures)) {
      values[measure][subject][figure] ??= []
      values[measure][subject][figure].push(value)
    }
  }
  const eachOf = (object, change) =>
    Object.fromEntries(Object.entries(object).map(([key, value]) => [key, change(value)]))
  const medians = eachOf(values, (measure) => eachOf(measure, (figures) => eachOf(figures, middle)))
  return { medians, median: (measure, subject, figure) => medians[measure]?.[subject]?.[figure] }
}

function middle(values) {
  const sorted = values.filter((value) => value !== undefined).sort((a, b) => a - b)
  const half = Math.floor(sorted.length / 2)
  return sorted.length % 2 === 1 ? sorted[half] : (sorted[half - 1] + sorted[half]) / 2
}

module.exports = { child, mediansOf, takeRounds }
