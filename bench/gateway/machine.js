// What Linux tells of cores and processes, and one clock for all processes.

'use strict'

const { execFileSync } = require('node:child_process')
const { once } = require('node:events')
const fs = require('node:fs')
const net = require('node:net')

/** In milliseconds, the same in every process of this machine. */
const now = () => performance.timeOrigin + performance.now()

/** The numbers of the first two cores that this process may use. */
function twoCores() {
  const status = fs.readFileSync('/proc/self/status', 'utf8')
  const [, list] = /^Cpus_allowed_list:\s*(.*)$/m.exec(status)
  const cores = list.split(',').flatMap((range) => {
    const [first, last = first] = range.split('-').map(Number)
    return Array.from({ length: last - first + 1 }, (_, i) => String(first + i))
  })
  if (cores.length < 2) throw new Error('a proxy and what calls it need a core each; here is one')
  return cores.slice(0, 2)
}

/** Has this process, and whatever it starts from now on, run on one core. */
function pinned(core) {
  execFileSync('taskset', ['--all-tasks', '--cpu-list', '--pid', core, String(process.pid)], {
    stdio: 'ignore',
  })
}

/** @returns the CPU time, in µs, and the memory of a process and the processes that it started */
function usage(pid) {
  const all = family(pid)
  const threads = all.flatMap((one) =>
    fs.readdirSync(`/proc/${one}/task`).map((task) => `/proc/${one}/task/${task}`),
  )
  const micros = threads.map((task) => Number(read(`${task}/schedstat`).split(' ', 1)[0]) / 1000)
  const kibibytes = all.map((one) =>
    Number(/^VmRSS:\s*(\d+)/m.exec(read(`/proc/${one}/status`))[1]),
  )
  return { cpuMicros: sum(micros), rssBytes: sum(kibibytes) * 1024 }
}

function family(pid) {
  const children = read(`/proc/${pid}/task/${pid}/children`).trim()
  return [pid, ...(children === '' ? [] : children.split(' ').map(Number).flatMap(family))]
}

const read = (file) => fs.readFileSync(file, 'utf8')
const sum = (numbers) => numbers.reduce((total, number) => total + number, 0)

/** Whether somebody listens there. */
async function accepts(port) {
  const socket = net.connect(port, '127.0.0.1')
  const connected = await once(socket, 'connect').then(
    () => true,
    () => false,
  )
  socket.destroy()
  return connected
}

module.exports = { accepts, now, pinned, twoCores, usage }
