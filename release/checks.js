'use strict'

// The results of a rehearsal: printed as they come, and as a table at the end.

const rows = []

/** Records whether `look` succeeds, with what it returns. @returns whether it succeeded */
async function check(what, look) {
  const started = performance.now()
  try {
    note('✓', what, (await look()) ?? '', started)
    return true
  } catch (error) {
    note('✗', what, error.message, started)
    return false
  }
}

/** Records a check that was skipped, and why. */
function skip(what, why) {
  note('–', what, `skipped: ${why}`, performance.now())
}

function note(mark, what, detail, started) {
  const seconds = ((performance.now() - started) / 1000).toFixed(1)
  rows.push({ mark, what, detail, seconds })
  console.error(`${mark} ${what} ${detail}`)
}

/** Prints the table. @returns the exit code */
function report() {
  console.log('\n|   | what | seconds | |\n|---|---|---|---|')
  for (const { mark, what, detail, seconds } of rows) {
    const [line] = detail.split('\n')
    console.log(`| ${mark} | ${what} | ${mark === '–' ? '' : seconds} | ${line} |`)
  }
  const count = (mark) => rows.filter((row) => row.mark === mark).length
  console.log(`\n${count('✓')} checked, ${count('✗')} failed, ${count('–')} skipped`)
  return count('✗') > 0 ? 1 : 0
}

module.exports = { check, report, skip }
