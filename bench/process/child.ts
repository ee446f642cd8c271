import { type ChildProcess, spawn } from 'node:child_process'
import { closeSync, openSync, readFileSync } from 'node:fs'
import { connect, createServer, type Server } from 'node:net'

/** A program to start. */
export interface Program {
  /** What it is called in messages. */
  readonly name: string
  readonly command: readonly string[]
  /** Gets all that it prints. */
  readonly logFile: string
  /** It is up when this port of the loopback accepts. */
  readonly port: number
  /** The one CPU to run on; anywhere when undefined. */
  readonly cpu: number | undefined
}

/** A running program; ends when disposed of. */
export interface Child extends AsyncDisposable {
  readonly pid: number
}

const START_MS = 15_000
const STOP_MS = 3000
const POLL_MS = 20

/**
 * Starts a program and waits until it accepts connections.
 *
 * @throws with the end of its log when it ends or stays silent instead; it is gone then
 */
export async function startChild(program: Program): Promise<Child> {
  const log = openSync(program.logFile, 'w')
  const [file = '', ...args] = pinned(program)
  const child = spawn(file, args, { stdio: ['ignore', log, log] })
  closeSync(log)
  let failure: string | undefined
  child.once('error', (error) => {
    failure = error.message
  })
  child.once('exit', (code, signal) => {
    failure = `ended with ${signal ?? `status ${code}`}`
  })
  const deadlineMs = performance.now() + START_MS
  while (!(await isAccepting(program.port))) {
    if (failure === undefined && performance.now() < deadlineMs) {
      await sleep(POLL_MS)
      continue
    }
    await stopChild(child)
    const tail = readFileSync(program.logFile, 'utf8').trim().split('\n').slice(-10).join('\n')
    throw new Error(`${program.name} ${failure ?? `did not listen on ${program.port} in time`}\n${tail}`)
  }
  return { pid: child.pid!, [Symbol.asyncDispose]: () => stopChild(child) }
}

/** Different ports of the loopback that are free now. */
export async function findFreePorts(count: number): Promise<readonly number[]> {
  const servers = await Promise.all(Array.from({ length: count }, listenAnywhere))
  const ports = servers.map((server) => {
    const address = server.address()
    return typeof address === 'object' && address !== null ? address.port : 0
  })
  await Promise.all(servers.map((server) => new Promise((resolve) => server.close(resolve))))
  return ports
}

function listenAnywhere(): Promise<Server> {
  return new Promise((resolve, reject) => {
    const server = createServer()
    server.once('error', reject)
    server.listen(0, '127.0.0.1', () => resolve(server))
  })
}

function pinned({ command, cpu }: Program): readonly string[] {
  return cpu === undefined ? command : ['taskset', '-c', String(cpu), ...command]
}

async function stopChild(child: ChildProcess): Promise<void> {
  if (child.exitCode !== null || child.signalCode !== null || child.pid === undefined) return
  const ended = new Promise<void>((resolve) => child.once('exit', () => resolve()))
  child.kill('SIGTERM')
  const limit = setTimeout(() => child.kill('SIGKILL'), STOP_MS)
  await ended
  clearTimeout(limit)
}

function isAccepting(port: number): Promise<boolean> {
  return new Promise((resolve) => {
    const socket = connect(port, '127.0.0.1')
    socket.once('connect', () => {
      socket.destroy()
      resolve(true)
    })
    socket.once('error', () => resolve(false))
  })
}

function sleep(delayMs: number): Promise<void> {
  return new Promise((resolve) => setTimeout(resolve, delayMs))
}
