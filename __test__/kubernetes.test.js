'use strict'

// Promise: the manifests in deploy/kubernetes.yaml are valid, match each other and the code, run with
// minimal rights, and contain no secret.

const assert = require('node:assert/strict')
const { spawnSync } = require('node:child_process')
const fs = require('node:fs')
const path = require('node:path')
const { test } = require('node:test')
const YAML = require('yaml')
const typescript = require('typescript/package.json')
const {
  GRACE_SECONDS,
  IMAGE,
  PORT,
  SECRET_VALUES,
  checkContainer,
  read,
} = require('./support/container.js')

const root = path.join(__dirname, '..')

const resources = YAML.parseAllDocuments(read('kubernetes.yaml')).map((document) => {
  assert.deepEqual(document.errors, [])
  return document.toJS()
})
const resource = (kind) => resources.find((it) => it.kind === kind)

const deployment = resource('Deployment')
const { metadata, spec: pod } = deployment.spec.template
const [container] = pod.containers

/** The library's module for the API version of a resource. */
const models = ({ apiVersion }) => `kubernetes-models/${apiVersion}`

test('there is one resource of each kind, and all have the same name', () => {
  const kinds = ['Deployment', 'Service', 'PodDisruptionBudget', 'NetworkPolicy', 'Ingress']
  assert.deepEqual(
    resources.map(({ kind }) => kind),
    kinds,
  )
  for (const { metadata } of resources) assert.equal(metadata.name, deployment.metadata.name)
})

test('every value of the manifests is valid', () => {
  for (const it of resources) {
    const Model = require(models(it))[it.kind]
    new Model(it).validate()
  }
})

test('every field of the manifests is known', (t) => {
  const directory = fs.mkdtempSync(path.join(__dirname, 'kubernetes-'))
  t.after(() => fs.rmSync(directory, { recursive: true }))
  // The compiler refuses an object literal with an unknown field.
  const lines = resources.flatMap((it) => [
    `import type { I${it.kind} } from '${models(it)}'`,
    `export const of${it.kind}: I${it.kind} = ${JSON.stringify(it, null, 2)}`,
  ])
  const file = path.join(directory, 'manifests.mts')
  fs.writeFileSync(file, lines.join('\n'))
  const tsc = path.join(root, 'node_modules/typescript', typescript.bin.tsc)
  const options = ['--noEmit', '--strict', '--skipLibCheck', '--module', 'nodenext', '--types', '']
  const { status, stdout } = spawnSync(process.execPath, [tsc, ...options, file], {
    encoding: 'utf8',
  })
  assert.equal(status, 0, stdout)
})

test('every selector selects the pods of the Deployment', () => {
  const selectors = [
    deployment.spec.selector.matchLabels,
    resource('Service').spec.selector,
    resource('PodDisruptionBudget').spec.selector.matchLabels,
    resource('NetworkPolicy').spec.podSelector.matchLabels,
    pod.topologySpreadConstraints[0].labelSelector.matchLabels,
  ]
  for (const selector of selectors) assert.deepEqual(selector, metadata.labels)
})

test('the ports match from the Ingress to the container', () => {
  const [{ host, http }] = resource('Ingress').spec.rules
  const [{ backend, path: prefix }] = http.paths
  assert.equal(prefix, '/')
  const service = resource('Service')
  assert.equal(backend.service.name, service.metadata.name)
  const [port] = service.spec.ports
  assert.equal(backend.service.port.name, port.name)
  assert.deepEqual(container.ports, [{ name: port.targetPort, containerPort: PORT }])
  const [{ ports }] = resource('NetworkPolicy').spec.ingress
  assert.deepEqual(ports, [{ port: port.targetPort }])
  const [{ hosts }] = resource('Ingress').spec.tls
  assert.deepEqual(hosts, [host])
})

test('a gateway may connect only to DNS and TLS servers', () => {
  const { egress, policyTypes } = resource('NetworkPolicy').spec
  assert.deepEqual(policyTypes, ['Ingress', 'Egress'])
  const ports = egress.flatMap(({ ports }) => ports.map(({ port }) => port))
  assert.deepEqual(new Set(ports), new Set([53, 443]))
})

test('the container keeps the restricted Pod Security Standard', () => {
  assert.equal(pod.securityContext.runAsNonRoot, true)
  assert.deepEqual(pod.securityContext.seccompProfile, { type: 'RuntimeDefault' })
  assert.deepEqual(container.securityContext, {
    readOnlyRootFilesystem: true,
    allowPrivilegeEscalation: false,
    capabilities: { drop: ['ALL'] },
  })
  assert.equal(pod.automountServiceAccountToken, false)
  for (const field of ['hostNetwork', 'hostPID', 'hostIPC', 'volumes', 'initContainers']) {
    assert.equal(pod[field], undefined, field)
  }
  assert.equal(pod.containers.length, 1)
  assert.ok(container.resources.requests && container.resources.limits)
})

test('the manifests reference secrets and contain none', () => {
  const named = container.env.map(({ name, value, valueFrom }) => {
    assert.equal(value, undefined)
    assert.deepEqual(valueFrom, { secretKeyRef: { name: deployment.metadata.name, key: name } })
    return name
  })
  assert.deepEqual(named, Object.keys(SECRET_VALUES))
})

test('the documentation makes the image and the Secrets that the manifests name', () => {
  const page = fs.readFileSync(path.join(root, 'docs/gateway.md'), 'utf8')
  const [{ secretName }] = resource('Ingress').spec.tls
  assert.ok(page.includes(`docker build --tag ${IMAGE} deploy\n`))
  assert.ok(page.includes(`kubectl create secret generic ${deployment.metadata.name} `))
  assert.ok(page.includes(`kubectl create secret tls ${secretName} `))
  for (const name of Object.keys(SECRET_VALUES)) assert.ok(page.includes(`\`${name}\``), name)
})

test('the container runs with the arguments of the manifest, and its probes succeed', async (t) => {
  assert.equal(container.image, IMAGE)
  assert.equal(container.command, undefined, 'the image has one')
  const env = Object.fromEntries(container.env.map(({ name }) => [name, SECRET_VALUES[name]]))
  await checkContainer(t, container.args, env, async (url) => {
    for (const kind of ['startupProbe', 'readinessProbe', 'livenessProbe']) {
      const { path, port } = container[kind].httpGet
      assert.equal(port, container.ports[0].name, kind)
      assert.equal((await fetch(url + path)).status, 200, kind)
    }
  })
})

test('a stopping gateway has time for calls in flight, and another one runs meanwhile', () => {
  const { sleep } = container.lifecycle.preStop
  assert.ok(pod.terminationGracePeriodSeconds > sleep.seconds + GRACE_SECONDS)
  assert.ok(deployment.spec.replicas >= 2)
  assert.ok(resource('PodDisruptionBudget').spec.minAvailable < deployment.spec.replicas)
  assert.equal(deployment.spec.strategy.rollingUpdate.maxUnavailable, 0)
})
