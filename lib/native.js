'use strict'

// Loads the binary for this platform. If that fails, the error says why and what to do: the generated
// loader knows only that it found nothing.

const { version } = require('../package.json')
const { checkBinary } = require('./binary-file.js')
const { reportSettings } = require('./platform.js')

function load() {
  checkBinary()
  const restore = reportSettings()
  let native
  try {
    native = require('../binding.js')
  } catch (error) {
    throw require('./load-error.js').loadError(error, version)
  } finally {
    // The generated loader sets `excludeNetwork` to look for musl.
    restore()
  }
  if (native.VERSION !== version) {
    throw require('./load-error.js').versionError(native.VERSION, version)
  }
  return native
}

module.exports = load()
