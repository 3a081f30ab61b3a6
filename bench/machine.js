// Clock, CPU time and memory of Linux processes.

'use strict'

const { once } = require('node:events')
const fs = require('node:fs')

/** In milliseconds, the same in every process of this machine. */
const now = () => performance.timeOrigin + performance.now()

const sleep = (ms) => new Promise((resolve) => setTimeout(resolve, ms))
const sum = (numbers) => numbers.reduce((total, number) => total + number, 0)
const read = (file) => fs.readFileSync(file, 'utf8')

/** The numbers of the first two cores that this process may use. */
function twoCores() {
  const [, list] = /^Cpus_allowed_list:\s*(.*)$/m.exec(read('/proc/self/status'))
  const cores = list.split(',').flatMap((range) => {
    const [first, last = first] = range.split('-').map(Number)
    return Array.from({ length: last - first + 1 }, (_, i) => String(first + i))
  })
  if (cores.length < 2) throw new Error('this benchmark needs two cores; there is one')
  return cores.slice(0, 2)
}

/** Pins this process, and every process it starts from now on, to one core. */
function pin(core) {
  // Loaded here: the processes under measurement do not pin, and load as little as they can.
  const { execFileSync } = require('node:child_process')
  const command = ['--all-tasks', '--cpu-list', '--pid', core, String(process.pid)]
  execFileSync('taskset', command, { stdio: 'ignore' })
}

/** @returns the CPU time, in µs, and the memory of a process and its descendants */
function usage(pid) {
  const all = family(pid)
  const threads = all.flatMap((one) =>
    fs.readdirSync(`/proc/${one}/task`).map((task) => `/proc/${one}/task/${task}`),
  )
  const kibibytes = all.map((one) =>
    Number(/^VmRSS:\s*(\d+)/m.exec(read(`/proc/${one}/status`))[1]),
  )
  return { cpuMicros: sum(threads.map(cpuMicros)), rssBytes: sum(kibibytes) * 1024 }
}

function family(pid) {
  const children = read(`/proc/${pid}/task/${pid}/children`).trim()
  return [pid, ...(children === '' ? [] : children.split(' ').map(Number).flatMap(family))]
}

/** The CPU time of a thread, by its directory in /proc. */
function cpuMicros(thread) {
  return Number(read(`${thread}/schedstat`).split(' ', 1)[0]) / 1000
}

/** This process's wall time and CPU time so far; the JavaScript thread's id is the pid. */
function spent() {
  const { user, system } = process.cpuUsage()
  return {
    wallMs: performance.now(),
    processMicros: user + system,
    threadMicros: cpuMicros(`/proc/self/task/${process.pid}`),
  }
}

function perCall(before, after, calls) {
  return {
    calls,
    processMicros: (after.processMicros - before.processMicros) / calls,
    threadMicros: (after.threadMicros - before.threadMicros) / calls,
  }
}

function percentile(numbers, share) {
  const sorted = Float64Array.from(numbers).sort()
  return sorted[Math.min(sorted.length - 1, Math.floor(sorted.length * share))]
}

/** Whether a port accepts connections. */
async function accepts(port) {
  const { connect } = require('node:net')
  const socket = connect(port, '127.0.0.1')
  const connected = await once(socket, 'connect').then(
    () => true,
    () => false,
  )
  socket.destroy()
  return connected
}

module.exports = { accepts, now, perCall, percentile, pin, sleep, spent, sum, twoCores, usage }
