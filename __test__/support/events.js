'use strict'

// Records the events of the tracing channel.

const diagnostics_channel = require('node:diagnostics_channel')
const { inspect } = require('node:util')

const channel = diagnostics_channel.tracingChannel('utdk.plaid.request')

/**
 * An array that fills with `{ name, context, text }` until its `stop()` is called: `context` is a copy
 * of the event's object at that time, `text` is that object printed.
 */
function recordEvents(onEvent) {
  const events = []
  const subscribers = {}
  for (const name of ['start', 'end', 'asyncStart', 'asyncEnd', 'error']) {
    subscribers[name] = (context) => {
      const text =
        inspect(context, { depth: 10, showHidden: true }) + (JSON.stringify(context) ?? '')
      events.push({ name, context: { ...context }, text })
      onEvent?.(name, context)
    }
  }
  channel.subscribe(subscribers)
  return Object.assign(events, { stop: () => channel.unsubscribe(subscribers) })
}

module.exports = { recordEvents }
