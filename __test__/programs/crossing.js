'use strict'

// Makes calls to TEST_URL that cross under difficulties, as TEST_MODE says, and prints the outcomes:
//   busy            the JavaScript thread is busy until all replies have come
//   a method's name of the native client: that method throws

const path = require('node:path')

const { TEST_ACCESS_TOKEN: access_token, TEST_MODE: mode, TEST_URL: baseUrl } = process.env
const LIB = path.join(__dirname, '../../lib')

const options = { baseUrl, clientId: 'id', secret: 'secret' }

async function busy() {
  const pending = require(path.join(LIB, 'pending.js'))
  const { settle } = pending
  const lengths = []
  pending.settle = (batch) => {
    lengths.push(batch.length)
    return settle(batch)
  }
  const { createPlaidClient } = require('../../index.js')
  const client = createPlaidClient(options)
  const calls = Array.from({ length: 40 }, () => client.sandboxitemresetlogin({ access_token }))
  // Lets the calls cross, then blocks this thread while the I/O thread reads the replies.
  await undefined
  Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, 2000)
  const settled = (await Promise.allSettled(calls)).filter(({ value }) => value?.filler).length
  return { settled, longest: Math.max(...lengths), parts: lengths.length }
}

async function throwing() {
  const { NativeClient } = require(path.join(LIB, 'native.js'))
  const { createPlaidClient } = require('../../index.js')
  const client = createPlaidClient(options)
  NativeClient.prototype[mode] = () => {
    throw new Error('it cannot cross')
  }
  const perCall = mode === 'resetLoginWith' ? { maxRetries: 0 } : undefined
  const calls = [1, 2, 3].map(() => client.sandboxitemresetlogin({ access_token }, perCall))
  const outcomes = await Promise.allSettled(calls)
  return {
    codes: outcomes.filter(({ reason }) => reason).map(({ reason }) => reason.code),
    answered: outcomes.filter(({ value }) => value).length,
  }
}

const work = mode === 'busy' ? busy() : throwing()
work.then((result) => process.stdout.write(JSON.stringify(result)))
