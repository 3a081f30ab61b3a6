'use strict'

// Makes one call with the default client, and prints that it resolved.

const { sandboxitemresetlogin } = require('../../index.js')

sandboxitemresetlogin({ access_token: process.env.TEST_ACCESS_TOKEN }).then(() =>
  process.stdout.write('resolved'),
)
