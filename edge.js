'use strict'

// The package in an edge runtime: the conditions `edge-light` and `workerd` of package.json. To a
// bundler its exports must look unknown: one that knows there are none reports that instead.

module.exports = refuse()

function refuse() {
  throw new Error(
    "@utdk/plaid has a native binary, and an edge runtime cannot load one: use it where Node.js runs. In Next.js, set `export const runtime = 'nodejs'` in that route.",
  )
}
