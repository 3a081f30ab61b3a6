'use strict'

// Finds out whether a binary was cut short, before it is loaded: the system maps the whole file, and a
// process that reads past its end is killed by SIGBUS, without a word.

const fs = require('node:fs')
const { PlaidError } = require('./errors.js')
const { OWN_BINARY, PLATFORMS, resolved } = require('./platform.js')

/** Contains the headers of every binary of ours. */
const HEAD_BYTES = 16 * 1024

/** Throws a `PlaidError` if a binary that may be loaded is shorter than its headers say. */
function checkBinary() {
  for (const file of candidates()) {
    const { size, least } = measure(file)
    if (size >= least) continue
    throw new PlaidError(
      `The binary ${file} was cut short: it has ${size} bytes, and its header says ${least} or more. Its installation was interrupted, or the disk was full. Remove node_modules and run \`npm install\` again.`,
      { code: 'BINARY_UNUSABLE' },
    )
  }
}

/** The files that the generated loader may load. */
function candidates() {
  const own = process.env[OWN_BINARY]
  if (own) return [own]
  const system = `${process.platform}-${process.arch}`
  return PLATFORMS.filter((name) => `${name}-`.startsWith(`${system}-`))
    .flatMap((name) => [`../plaid.${name}.node`, `@utdk/plaid-${name}`])
    .map(resolved)
    .filter(Boolean)
}

/** @returns the file's size in bytes, and the `least` that its headers need */
function measure(file) {
  let descriptor
  try {
    descriptor = fs.openSync(file)
    const { size } = fs.fstatSync(descriptor)
    const head = Buffer.alloc(Math.min(HEAD_BYTES, size))
    fs.readSync(descriptor, head, 0, head.length, 0)
    return { size, least: leastSize(head) }
  } catch {
    // A file that cannot be read, or no binary: what loads it says so.
    return { size: 0, least: 0 }
  } finally {
    if (descriptor !== undefined) fs.closeSync(descriptor)
  }
}

/** The end of the last part of a binary for Linux, macOS or Windows, in bytes; otherwise 0. */
function leastSize(head) {
  if (head.length < 64) return 0
  const magic = head.readUInt32LE(0)
  if (magic === 0x464c457f) return endOfElf(head)
  if (magic === 0xfeedfacf) return endOfMachO(head)
  if ((magic & 0xffff) === 0x5a4d) return endOfPe(head)
  return 0
}

/** The table of sections is the last part. */
function endOfElf(head) {
  return Number(head.readBigUInt64LE(0x28)) + head.readUInt16LE(0x3a) * head.readUInt16LE(0x3c)
}

function endOfMachO(head) {
  const SEGMENT_64 = 0x19
  let [at, end] = [32, 0]
  for (let left = head.readUInt32LE(16); left > 0; left -= 1) {
    if (head.readUInt32LE(at) === SEGMENT_64) {
      const [offset, size] = [head.readBigUInt64LE(at + 40), head.readBigUInt64LE(at + 48)]
      end = Math.max(end, Number(offset + size))
    }
    at += head.readUInt32LE(at + 4)
  }
  return end
}

function endOfPe(head) {
  const SECTION_BYTES = 40
  const pe = head.readUInt32LE(0x3c)
  const first = pe + 24 + head.readUInt16LE(pe + 20)
  let end = 0
  for (let i = 0; i < head.readUInt16LE(pe + 6); i += 1) {
    const section = first + i * SECTION_BYTES
    end = Math.max(end, head.readUInt32LE(section + 20) + head.readUInt32LE(section + 16))
  }
  return end
}

module.exports = { checkBinary, leastSize }
