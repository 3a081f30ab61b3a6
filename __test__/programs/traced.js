'use strict'

// Makes a call without and one with subscribers, and prints the events; tracing channels are as Bun's
// are.

const diagnostics_channel = require('node:diagnostics_channel')

const { tracingChannel } = diagnostics_channel
diagnostics_channel.tracingChannel = (name) =>
  new Proxy(tracingChannel(name), {
    get(channel, key) {
      if (key === 'hasSubscribers') return undefined
      return typeof channel[key] === 'function' ? channel[key].bind(channel) : channel[key]
    },
  })

const { createPlaidClient } = require('../../index.js')

const { TEST_ACCESS_TOKEN: access_token, TEST_URL: baseUrl } = process.env
const client = createPlaidClient({ baseUrl, clientId: 'id', secret: 'secret' })

async function main() {
  await client.sandboxitemresetlogin({ access_token })
  const events = []
  const names = ['start', 'asyncEnd']
  for (const name of names) {
    diagnostics_channel.subscribe(`tracing:utdk.plaid.request:${name}`, () => events.push(name))
  }
  await client.sandboxitemresetlogin({ access_token })
  process.stdout.write(events.join(' '))
}

main()
