// Who is measured: the command, and a loop over the package's client. Both read tokens from standard
// input and print at their end how many logins they reset, and in how many milliseconds.

'use strict'

const path = require('node:path')
const { OURS } = require('../plaid')

/** `utdk-plaid reset-login`. */
const COMMAND = OURS
const CLIENT = 'bare client'

/** The arguments for Node. */
const PROGRAMS = {
  [COMMAND]: [path.join(__dirname, '../../bin/utdk-plaid.js'), 'reset-login', '--json'],
  [CLIENT]: [path.join(__dirname, 'client.js')],
}

module.exports = { CLIENT, COMMAND, PROGRAMS, SUBJECTS: [COMMAND, CLIENT] }
