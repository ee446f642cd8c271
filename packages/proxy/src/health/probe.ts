import { connect, type Socket } from 'node:net'
import type { Clock } from '@heddle/base/clock'
import { formatHostPort, type HostPort } from '@heddle/base/host-port'
import { createFields } from '@heddle/http/fields'
import { createH1Client } from '@heddle/http/h1'
import { createRequestHead } from '@heddle/http/message'
import type { ResponseReceiver } from '@heddle/http/session'
import type { ApplicationPort } from '../config/entries.ts'
import type { HealthCheck } from '../config/health-check.ts'
import { socketTransport } from '../control/socket-transport.ts'
import type { Probe } from './health-checker.ts'

/** Where the application is asked. */
export interface ProbeTarget {
  readonly ports: readonly ApplicationPort[]
  /** Where it listens where a port does not say so. */
  readonly host: string
}

/**
 * Makes the probe of a health check.
 *
 * @throws {RangeError} when it names a port that the workload does not have
 */
export function createProbe({ probe }: Pick<HealthCheck, 'probe'>, target: ProbeTarget, clock: Clock): Probe {
  const address = addressOf(probe.port, target)
  const ask = probe.kind === 'http' ? askHttp(probe.path, address) : () => Promise.resolve(undefined)
  return (timeoutMs) =>
    new Promise((resolve) => {
      const socket = connect({ host: address.host, port: address.port })
      const finish = (problem: string | undefined) => {
        timer.cancel()
        resolve(problem)
        socket.destroy()
      }
      const timer = clock.after(timeoutMs, () => finish(`no answer at ${formatHostPort(address)} in ${timeoutMs} ms`))
      socket.on('error', (error) => finish(`${formatHostPort(address)}: ${error.message}`))
      socket.once('connect', () => void ask(socket).then(finish))
    })
}

function addressOf(port: number | string, { ports, host }: ProbeTarget): HostPort {
  const named = ports.find((one) => one.name === port || one.port === port)
  if (named !== undefined) return named.app ?? { host, port: named.port }
  if (typeof port === 'number') return { host, port }
  throw new RangeError(`HEDDLE_HEALTH_CHECK names port "${port}", which is not in HEDDLE_PORTS`)
}

function askHttp(path: string, address: HostPort): (socket: Socket) => Promise<string | undefined> {
  return (socket) =>
    new Promise((resolve) => {
      const session = createH1Client(
        { onIdle: () => {}, onAllowance: () => {}, onUnusable: () => {} },
        socketTransport(socket, () => session.flush()),
      )
      socket.on('data', (bytes: Uint8Array) => session.receive(bytes))
      socket.on('end', () => session.receiveEnd())
      socket.on('close', () => session.destroy({ kind: 'peer-closed', detail: 'closed without an answer' }))
      const head = createRequestHead({
        method: 'GET',
        path,
        authority: formatHostPort(address),
        bodyLength: 0,
        fields: createFields([['user-agent', 'heddle-health-check']]),
      })
      session.request(head, false, statusReceiver(path, resolve))
      session.flush()
    })
}

function statusReceiver(path: string, resolve: (problem: string | undefined) => void): ResponseReceiver {
  return {
    onInformational: () => {},
    onHead: ({ status }) => resolve(status < 400 ? undefined : `GET ${path} answered ${status}`),
    onData: () => {},
    onEnd: () => {},
    onAbort: ({ detail }) => resolve(`GET ${path}: ${detail}`),
    onWritable: () => {},
  }
}
