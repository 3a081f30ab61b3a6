'use strict'

// node release/notes.js <tag>: prints the changelog's section of the release, and refuses a tag that
// is not this version's.

const fs = require('node:fs')
const path = require('node:path')
const { ROOT, manifest } = require('./targets')

/** @returns the section's text; an error says what is missing */
function notes(tag, { version, changelog }) {
  if (tag !== `v${version}`) throw new Error(`package.json has ${version}, and the tag is ${tag}`)
  const sections = changelog.split(/^## /m)
  const section = sections.find((each) => each.startsWith(`[${version}] - `))
  if (!section) throw new Error(`CHANGELOG.md has no section of ${version}`)
  const [heading, ...lines] = section.split('\n')
  if (!/\d{4}-\d{2}-\d{2}$/.test(heading)) throw new Error(`${version} has no date in CHANGELOG.md`)
  return lines.join('\n').trim()
}

module.exports = { notes }

if (require.main === module) {
  const changelog = fs.readFileSync(path.join(ROOT, 'CHANGELOG.md'), 'utf8')
  try {
    console.log(notes(process.argv[2], { version: manifest.version, changelog }))
  } catch (error) {
    console.error(error.message)
    process.exit(1)
  }
}
