#!/usr/bin/env node
'use strict'

// The command line: Rust reads the arguments and says what is to be done.

const { readCommand } = require('../binding.js')

const command = readCommand(process.argv.slice(2))
if (command === 'demo') {
  require('./demo.js')
    .demo()
    .then((told) => {
      process.exitCode = told ? 0 : 1
    })
} else {
  const { text, exitCode } = command
  const output = exitCode === 0 ? process.stdout : process.stderr
  output.write(text)
  process.exitCode = exitCode
}
