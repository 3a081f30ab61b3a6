'use strict'

// The README's JavaScript snippets, for whatever checks them.

const fs = require('node:fs')
const path = require('node:path')

/** @returns the code of each ```js block, in order. */
function snippets() {
  const readme = fs.readFileSync(path.join(__dirname, '..', 'README.md'), 'utf8')
  return [...readme.matchAll(/^```js\n(.*?)^```$/gms)].map(([, code]) => code)
}

module.exports = { snippets }
