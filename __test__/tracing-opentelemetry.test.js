'use strict'

// Promise: with the lines of docs/client.md, OpenTelemetry has a span for each call, and the trace goes
// on in the service behind it.

const assert = require('node:assert/strict')
const { mkdtemp, rm, writeFile } = require('node:fs/promises')
const path = require('node:path')
const { test } = require('node:test')
const { pathToFileURL } = require('node:url')
const { SpanKind, SpanStatusCode, trace } = require('@opentelemetry/api')
const {
  InMemorySpanExporter,
  NodeTracerProvider,
  SimpleSpanProcessor,
} = require('@opentelemetry/sdk-trace-node')
const { snippets } = require('../scripts/snippets.js')
const { ACCESS_TOKEN, INPUT, clientOf } = require('./support/client.js')
const { json, startServer } = require('./support/server.js')

const exporter = new InMemorySpanExporter()

test.before(async (t) => {
  new NodeTracerProvider({ spanProcessors: [new SimpleSpanProcessor(exporter)] }).register()
  const { code } = snippets().find(({ file }) => file === 'opentelemetry.mjs')
  // Below this directory, so that its imports are found.
  const directory = await mkdtemp(path.join(__dirname, 'snippet-'))
  t.after(() => rm(directory, { recursive: true }))
  const file = path.join(directory, 'opentelemetry.mjs')
  await writeFile(file, code)
  await import(pathToFileURL(file))
})

test.beforeEach(() => exporter.reset())

test('a call is a span of its caller’s trace, which its request continues', async (t) => {
  const server = await startServer(t)
  const tracer = trace.getTracer('test')
  await tracer.startActiveSpan('repair', async (parent) => {
    await clientOf(server).sandboxitemresetlogin(INPUT)
    parent.end()
  })
  const [call, parent] = exporter.getFinishedSpans()
  const { traceId, spanId } = call.spanContext()
  assert.equal(call.parentSpanContext.spanId, parent.spanContext().spanId)
  assert.equal(call.kind, SpanKind.CLIENT)
  assert.equal(call.attributes['http.response.status_code'], 200)
  const { traceparent } = server.requests[0].headers
  assert.equal(traceparent, `00-${traceId}-${spanId}-01`)
})

test('a failed call is a failed span, without a secret', async (t) => {
  const reply = json(400, { error_code: 'ITEM_NOT_FOUND', error_message: ACCESS_TOKEN })
  const server = await startServer(t, { replies: [reply] })
  await assert.rejects(clientOf(server).sandboxitemresetlogin(INPUT))
  const [{ status, attributes, events }] = exporter.getFinishedSpans()
  assert.deepEqual(status, { code: SpanStatusCode.ERROR, message: 'ITEM_NOT_FOUND' })
  assert.ok(!JSON.stringify([attributes, events]).includes(ACCESS_TOKEN))
})
