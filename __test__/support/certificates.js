'use strict'

// Certificates for TLS servers in tests: an authority and its certificates, made in memory. X.509 v3
// with P-256 keys (RFC 5280, section 4.1).

const { generateKeyPairSync, randomBytes, sign } = require('node:crypto')
const { isIP } = require('node:net')

const DAY = 24 * 60 * 60 * 1000

const ECDSA_WITH_SHA256 = Buffer.from('300a06082a8648ce3d040302', 'hex')
const COMMON_NAME = Buffer.from('0603550403', 'hex')
const SUBJECT_ALTERNATIVE_NAME = Buffer.from('0603551d11', 'hex')
const BASIC_CONSTRAINTS = Buffer.from('0603551d13', 'hex')

/**
 * A certificate authority: its own certificate as `pem`, and
 * `issue({ hosts, notBefore, notAfter })` for a server's `{ key, cert }`, both PEM.
 */
function createAuthority(name = 'Authority of the tests') {
  const keys = generateKeyPairSync('ec', { namedCurve: 'P-256' })
  const constraints = [BASIC_CONSTRAINTS, der(0x01, Buffer.of(0xff)), octets(sequence(TRUE))]
  return {
    pem: certificate({ issuer: name, subject: name, signer: keys, keys, extension: constraints }),
    issue({ hosts = ['localhost', '127.0.0.1'], ...validity } = {}) {
      const own = generateKeyPairSync('ec', { namedCurve: 'P-256' })
      return {
        key: own.privateKey.export({ type: 'pkcs8', format: 'pem' }),
        cert: certificate({
          issuer: name,
          subject: 'Server of the tests',
          signer: keys,
          keys: own,
          extension: [SUBJECT_ALTERNATIVE_NAME, octets(sequence(...hosts.map(generalName)))],
          ...validity,
        }),
      }
    },
  }
}

function certificate({
  issuer,
  subject,
  signer,
  keys,
  extension,
  notBefore = Date.now() - DAY,
  notAfter = Date.now() + DAY,
}) {
  const version3 = der(0xa0, der(0x02, Buffer.of(2)))
  const serial = der(0x02, Buffer.of(1), randomBytes(8))
  const content = sequence(
    version3,
    serial,
    ECDSA_WITH_SHA256,
    distinguishedName(issuer),
    sequence(time(notBefore), time(notAfter)),
    distinguishedName(subject),
    keys.publicKey.export({ type: 'spki', format: 'der' }),
    der(0xa3, sequence(sequence(...extension))),
  )
  const signature = sign('sha256', content, signer.privateKey)
  const whole = sequence(content, ECDSA_WITH_SHA256, der(0x03, Buffer.of(0), signature))
  const lines = whole.toString('base64').match(/.{1,64}/g)
  return `-----BEGIN CERTIFICATE-----\n${lines.join('\n')}\n-----END CERTIFICATE-----\n`
}

function distinguishedName(text) {
  return sequence(der(0x31, sequence(COMMON_NAME, der(0x0c, Buffer.from(text)))))
}

function generalName(host) {
  return isIP(host) === 4
    ? der(0x87, Buffer.from(host.split('.').map(Number)))
    : der(0x82, Buffer.from(host))
}

/** UTCTime: `YYMMDDhhmmssZ`. */
function time(at) {
  const digits = new Date(at).toISOString().replace(/\D/g, '')
  return der(0x17, Buffer.from(`${digits.slice(2, 14)}Z`))
}

function sequence(...parts) {
  return der(0x30, ...parts)
}

function octets(...parts) {
  return der(0x04, ...parts)
}

function der(tag, ...parts) {
  const content = Buffer.concat(parts)
  const { length } = content
  const size =
    length < 128 ? [length] : length < 256 ? [0x81, length] : [0x82, length >> 8, length & 255]
  return Buffer.concat([Buffer.of(tag, ...size), content])
}

const TRUE = der(0x01, Buffer.of(0xff))

module.exports = { createAuthority, DAY }
