'use strict'

// Imports the package, then sets the environment variables of `--set NAME=value`, makes one call with
// the default client, and prints its outcome as JSON.

const plaid = require('../../index.js')

for (const [i, arg] of process.argv.entries()) {
  if (arg !== '--set') continue
  const [name, value] = process.argv[i + 1].split('=')
  process.env[name] = value
}

function print(outcome) {
  console.log(JSON.stringify(outcome))
}

plaid.sandboxitemresetlogin({ access_token: process.env.TEST_ACCESS_TOKEN }).then(
  (reply) => print({ reply }),
  ({ name, code, field, message, attempts }) =>
    print({ error: { name, code, field, message, attempts } }),
)
