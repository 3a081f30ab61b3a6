'use strict'

// Loads the binary for this platform. If that fails, the error says why and what to do: the generated
// loader knows only that it found nothing.

const { version } = require('../package.json')

function load() {
  const { report } = process
  const excludeNetwork = report?.excludeNetwork
  let native
  try {
    native = require('../binding.js')
  } catch (error) {
    throw require('./platform.js').loadError(error, version)
  } finally {
    // The generated loader sets it to look for musl.
    if (report) report.excludeNetwork = excludeNetwork
  }
  if (native.VERSION !== version) {
    throw require('./platform.js').versionError(native.VERSION, version)
  }
  return native
}

module.exports = load()
