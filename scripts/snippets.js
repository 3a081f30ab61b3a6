'use strict'

// The code blocks of the README and of the pages in docs/, for the checks that run and compile them.

const fs = require('node:fs')
const path = require('node:path')

const root = path.join(__dirname, '..')

const PAGES = [
  'README.md',
  ...fs
    .readdirSync(path.join(root, 'docs'))
    .filter((name) => name.endsWith('.md'))
    .map((name) => `docs/${name}`),
]

/**
 * @returns each code block, in order: its `page`, its `language`, its `code`, and the `file` that
 * its first line names, if it does (`// vitest.test.js`)
 */
function snippets() {
  return PAGES.flatMap((page) => {
    const text = fs.readFileSync(path.join(root, page), 'utf8')
    const blocks = [...text.matchAll(/^```(\w*)\n(.*?)^```$/gms)]
    return blocks.map(([, language, code]) => {
      const file = code.match(/^\/\/ ([\w.-]+\.[cm]?[jt]s)$/m)?.[1]
      return { page, language, code, file }
    })
  })
}

/** The first call that the README shows. */
function firstCall() {
  const { code } = snippets().find(({ code }) => code.includes('const { reset_login, request_id }'))
  return code
}

module.exports = { PAGES, firstCall, snippets }
