'use strict'

// Promise: `startGateway()` starts a gateway in this process, on the given address and independent of
// other gateways. `close()` finishes what is in flight and frees the port.

const assert = require('node:assert/strict')
const { spawn } = require('node:child_process')
const { once } = require('node:events')
const net = require('node:net')
const path = require('node:path')
const { test } = require('node:test')
const { Worker } = require('node:worker_threads')
const { run } = require('./support/child.js')
const { CLIENT_ID, GATEWAY_TOKEN, INPUT, SECRET, works } = require('./support/client.js')
const { ask, start, through } = require('./support/gateway.js')
const { assertFree, itemError, portOf, start: startSandbox } = require('./support/sandbox.js')
const { GOOD_REPLY, holding, json, silent, startServer } = require('./support/server.js')

/** Tests that would hang if they failed. */
const BOUND = { timeout: 20_000 }
const LONGER_BOUND = { timeout: 60_000 }

test('a client of the gateway, without credentials, resets the login of an Item', async (t) => {
  const sandbox = await startSandbox(t)
  const gateway = await start(t, sandbox)
  assert.match(gateway.url, /^http:\/\/127\.0\.0\.1:\d+$/)
  const item = await sandbox.createItem()
  const { access_token } = item
  const reply = await through(gateway).sandboxitemresetlogin({ access_token })
  assert.equal(reply.reset_login, true)
  assert.match(reply.request_id, /^[0-9a-f]{15}$/)
  assert.equal(await itemError(sandbox, item), 'ITEM_LOGIN_REQUIRED')
})

test('a gateway takes the given port, and a taken port is EADDRINUSE', async (t) => {
  const server = await startServer(t)
  const first = await start(t, server)
  const port = portOf(first)
  const { name, code, message, field } = await start(t, server, { port }).catch((error) => error)
  assert.deepEqual([name, code, field], ['PlaidError', 'EADDRINUSE', undefined])
  assert.match(message, new RegExp(`could not listen on 127\\.0\\.0\\.1:${port}: [^()]+$`))
  await first.close()
  const second = await start(t, server, { port })
  assert.equal(second.url, first.url)
  await works(through(second))
})

test('a gateway listens on the given address, and its URL can be called', async (t) => {
  const server = await startServer(t)
  const token = GATEWAY_TOKEN
  for (const [host, inUrl, options] of [
    ['127.0.0.2', '127.0.0.2', {}],
    ['::1', '[::1]', {}],
    ['0.0.0.0', '127.0.0.1', { token }],
  ]) {
    const gateway = await start(t, server, { host, ...options })
    assert.equal(gateway.url, `http://${inUrl}:${portOf(gateway)}`)
    await works(through(gateway, options))
  }
})

test('an address that this machine does not have is EADDRNOTAVAIL', async (t) => {
  const server = await startServer(t)
  const promise = start(t, server, { host: '192.0.2.1', token: GATEWAY_TOKEN })
  await assert.rejects(promise, { name: 'PlaidError', code: 'EADDRNOTAVAIL' })
})

/** Whether the gateway takes a request, rather than refusing the connection. */
function answers(gateway) {
  return ask(gateway, 'GET', '/healthz').then(
    () => true,
    ({ code }) => assert.equal(code, 'ECONNREFUSED'),
  )
}

test('close() finishes the call in flight and frees the port', BOUND, async (t) => {
  const server = await startServer(t, { replies: [holding] })
  const gateway = await start(t, server)
  const held = once(server, 'request')
  const call = through(gateway).sandboxitemresetlogin(INPUT)
  const [{ answer }] = await held
  const closed = gateway.close()
  while (await answers(gateway));
  answer()
  assert.deepEqual(await call, GOOD_REPLY)
  await closed
  await assertFree(portOf(gateway))
  assert.equal(server.requests.length, 1)
})

test('a gateway can be closed twice', BOUND, async (t) => {
  const gateway = await start(t, await startServer(t))
  await works(through(gateway))
  await Promise.all([gateway.close(), gateway.close()])
  await gateway.close()
  await assertFree(portOf(gateway))
})

test('Symbol.asyncDispose closes a gateway', BOUND, async (t) => {
  const gateway = await start(t, await startServer(t))
  assert.equal(await gateway[Symbol.asyncDispose](), undefined)
  await assertFree(portOf(gateway))
})

test('twenty gateways in one process are independent', BOUND, async (t) => {
  const twenty = Array.from({ length: 20 }, (_, i) => i)
  const servers = await Promise.all(
    twenty.map((i) =>
      startServer(t, { replies: [json(200, { ...GOOD_REPLY, request_id: `r${i}` })] }),
    ),
  )
  const gateways = await Promise.all(
    servers.map((server, i) => start(t, server, { secret: `${SECRET}${i}` })),
  )
  const calls = gateways.map((gateway) => through(gateway).sandboxitemresetlogin(INPUT))
  for (const [i, reply] of (await Promise.all(calls)).entries()) {
    assert.equal(reply.request_id, `r${i}`)
    assert.equal(JSON.parse(servers[i].requests[0].body).secret, `${SECRET}${i}`)
  }
  await Promise.all(gateways.slice(1).map((gateway) => gateway.close()))
  await works(through(gateways[0]))
})

test('an open gateway does not keep the process alive', LONGER_BOUND, async () => {
  const { code, signal, stdout, stderr } = await run('gateway-open.js')
  assert.deepEqual([code, signal, stdout, stderr], [0, null, '200', ''])
})

test('a gateway without a reference to it keeps running', LONGER_BOUND, async () => {
  const { code, stdout, stderr } = await run('gateway-dropped.js')
  assert.deepEqual([code, stderr, stdout], [0, '', '200'])
})

function startWorker(t, server) {
  const options = { baseUrl: server.url, clientId: CLIENT_ID, secret: SECRET }
  const worker = new Worker(path.join(__dirname, 'programs/gateway-worker.js'), {
    workerData: options,
  })
  t.after(() => worker.terminate())
  return worker
}

test('a gateway in a worker answers the main thread until it is closed', BOUND, async (t) => {
  const worker = startWorker(t, await startServer(t))
  const [gateway] = await once(worker, 'message')
  await works(through(gateway))
  const exited = once(worker, 'exit')
  worker.postMessage('close')
  assert.deepEqual(await exited, [0])
  await assertFree(portOf(gateway))
})

test('a gateway and its call in flight end with their worker', BOUND, async (t) => {
  const server = await startServer(t, { replies: [silent] })
  const worker = startWorker(t, server)
  const [gateway] = await once(worker, 'message')
  const arrived = once(server, 'request')
  const call = through(gateway).sandboxitemresetlogin(INPUT)
  const failed = assert.rejects(call, { name: 'PlaidConnectionError' })
  await arrived
  const cut = once(server, 'close')
  await worker.terminate()
  await Promise.all([failed, cut])
  await assertFree(portOf(gateway))
})

test('gateways of several workers and of the main thread are independent', BOUND, async (t) => {
  const server = await startServer(t)
  const own = await start(t, server)
  const workers = Array.from({ length: 4 }, () => startWorker(t, server))
  const others = await Promise.all(
    workers.map(async (worker) => (await once(worker, 'message'))[0]),
  )
  await Promise.all([own, ...others].map((gateway) => works(through(gateway))))
  await workers[0].terminate()
  await works(through(others[1]))
  await works(through(own))
})

test(
  '400 idle connections do not block a gateway that may open 256 files',
  LONGER_BOUND,
  async (t) => {
    const server = await startServer(t)
    const options = { baseUrl: server.url, clientId: CLIENT_ID, secret: SECRET }
    const program = path.join(__dirname, 'programs/gateway.js')
    const child = spawn('sh', ['-c', 'ulimit -n 256; exec "$0" "$1"', process.execPath, program], {
      env: { ...process.env, TEST_OPTIONS: JSON.stringify(options) },
      stdio: ['pipe', 'pipe', 'inherit'],
    })
    t.after(() => child.kill('SIGKILL'))
    const [line] = await once(child.stdout.setEncoding('utf8'), 'data')
    const gateway = { url: line.trim() }
    const open = async () => {
      const socket = net.connect(portOf(gateway), '127.0.0.1')
      t.after(() => socket.destroy())
      socket.on('error', () => {})
      await once(socket, 'connect')
      socket.write('GET /healthz HTTP/1.1\r\n')
    }
    for (let count = 0; count < 400; count += 1) await open()
    await works(through(gateway))
  },
)
