'use strict'

// Values that options refuse, and the check for every refused option.

const assert = require('node:assert/strict')
const { inspect } = require('node:util')
const { PlaidUsageError } = require('../../index.js')

/** A value that must not show in an error. */
const VALUE = 'valueofmine-0f3a9c5e7b21'

function revoked(target) {
  const { proxy, revoke } = Proxy.revocable(target, {})
  revoke()
  return proxy
}

/** A Proxy each of whose traps throws. */
function trap(target) {
  const fail = () => {
    throw new Error(VALUE)
  }
  const handler = Object.fromEntries(
    Object.getOwnPropertyNames(Reflect).map((name) => [name, fail]),
  )
  return new Proxy(target, handler)
}

const cyclic = { name: VALUE }
cyclic.self = cyclic
const cyclicList = [VALUE]
cyclicList.push(cyclicList)

/** Values that no option takes: neither text, nor a number, nor a list. */
const NEVER = {
  null: null,
  'a bigint': 1n,
  'a function': () => VALUE,
  'a class': class {},
  'a symbol': Symbol(VALUE),
  'an object': { value: VALUE },
  'an object without a prototype': Object.create(null),
  'an object that says it is JSON': { toJSON: () => VALUE },
  'an object that says it is text': { toString: () => VALUE, valueOf: () => 1 },
  'a cyclic object': cyclic,
  'a promise': Promise.resolve(VALUE),
  'a Proxy': new Proxy({}, {}),
  'a Proxy that throws': trap({}),
  'a revoked Proxy': revoked({}),
}

const NO_LIST = {
  'an empty list': [],
  'a list': [VALUE],
  'a cyclic list': cyclicList,
  'a revoked list': revoked([]),
}
const NO_BOOLEAN = { true: true, false: false }
const NO_NUMBER = { 'a text': VALUE, 'an empty text': '', 'a String': new String('1') }
const NO_TEXT = { NaN: Number.NaN, zero: 0, 'a number': 7, Infinity, 'an empty text': '' }

const TEXT = {
  ...NEVER,
  ...NO_LIST,
  ...NO_BOOLEAN,
  ...NO_TEXT,
  'a String': new String(VALUE),
  'half a surrogate pair': `${VALUE}\ud800`,
}
const NUMBER = {
  ...NEVER,
  ...NO_LIST,
  ...NO_BOOLEAN,
  ...NO_NUMBER,
  NaN: Number.NaN,
  '-Infinity': -Infinity,
  'less than 0': -1,
  'a Number': new Number(1),
}
const WHOLE = { ...NUMBER, 'half a number': 1.5, 'too much': Number.MAX_VALUE }
const LIST = {
  ...NEVER,
  ...NO_BOOLEAN,
  ...NO_TEXT,
  'a text': VALUE,
  'a Set': new Set([VALUE]),
  'a list of numbers': [VALUE, 7],
  'a list with null': [VALUE, null],
  'a list with a hole': Array(1),
  'a list of lists': [[VALUE]],
  'a cyclic list': cyclicList,
  'a list that throws': trap([]),
  'a revoked list': revoked([]),
}

/** Asserts that `ask` rejects because of `field`, with a message that does not quote the value. */
async function checkRefused(ask, field, what, code = 'INVALID_OPTION') {
  const promise = ask()
  assert.ok(promise instanceof Promise, what)
  await assert.rejects(promise, (error) => {
    assert.ok(error instanceof PlaidUsageError, `${what}: ${inspect(error)}`)
    assert.deepEqual([error.code, error.field], [code, field], what)
    const isNamed = error.message.includes(field === 'options' ? 'options of ' : field)
    assert.ok(isNamed, `${what}: ${error.message}`)
    const shown = inspect(error, { depth: 10, showHidden: true }) + JSON.stringify(error)
    assert.ok(!shown.includes(VALUE), `${what}: ${shown}`)
    return true
  })
}

module.exports = {
  LIST,
  NEVER,
  NO_BOOLEAN,
  NO_LIST,
  NO_NUMBER,
  NO_TEXT,
  NUMBER,
  TEXT,
  VALUE,
  WHOLE,
  checkRefused,
}
