'use strict'

// node release/notes.js <tag>: prints the release's section of the changelog. Fails if the tag is not
// this version's.

const fs = require('node:fs')
const path = require('node:path')
const { ROOT, manifest } = require('./targets')

/** @returns the section's text; throws if anything is missing */
function notes(tag, { version, changelog }) {
  if (tag !== `v${version}`)
    throw new Error(`the tag is ${tag}, but package.json has version ${version}`)
  const sections = changelog.split(/^## /m)
  const section = sections.find((each) => each.startsWith(`[${version}] - `))
  if (!section) throw new Error(`CHANGELOG.md has no section for ${version}`)
  const [heading, ...lines] = section.split('\n')
  if (!/\d{4}-\d{2}-\d{2}$/.test(heading))
    throw new Error(`the section for ${version} in CHANGELOG.md has no date`)
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
