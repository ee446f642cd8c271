import { connect, type Socket } from 'node:net'
import { GRPC_BIDI_STREAM } from '../exchanges.ts'
import { Histogram } from '../load/histogram.ts'
import type { Report } from '../load/report.ts'
import { type Stream, StreamConnection, type StreamEvents } from './stream-connection.ts'

/** The one argument, as JSON. */
export interface StreamLoad {
  /** Of the loopback. */
  readonly port: number
  readonly connections: number
  /** Calls on each connection. */
  readonly streams: number
  readonly seconds: number
  /** Between an answer and the next message of its stream. */
  readonly pauseMs: number
}

const FIELDS = Object.entries({
  ':method': 'POST',
  ':scheme': 'http',
  ':path': GRPC_BIDI_STREAM.path,
  ':authority': 'bench',
  'content-type': 'application/grpc',
  te: 'trailers',
}).map(([name, value]) => ({ name, value }))

/** How long the calls have for their end. */
const END_MS = 5000

/** Puts the load on and prints a report. */
async function main(load: StreamLoad): Promise<void> {
  const sockets = await Promise.all(Array.from({ length: load.connections }, () => open(load.port)))
  const counter = new Counter(load)
  const connections = sockets.map((socket) => new StreamConnection(socket, counter))
  counter.start()
  for (const connection of connections) connection.open(load.streams, FIELDS)
  await counter.finished
  for (const connection of connections) connection.destroy()
  process.stdout.write(`${JSON.stringify(counter.report())}\n`)
}

/** Counts what is answered within the time; then ends each stream at its next answer. */
class Counter implements StreamEvents {
  readonly finished: Promise<void>
  readonly #load: StreamLoad
  readonly #times = new Histogram()
  readonly #resolve: () => void
  #endMs = Number.POSITIVE_INFINITY
  #open: number
  #broken = 0
  #unended = 0

  constructor(load: StreamLoad) {
    const { promise, resolve } = Promise.withResolvers<void>()
    this.finished = promise
    this.#resolve = resolve
    this.#load = load
    this.#open = load.connections
  }

  start(): void {
    const { seconds } = this.#load
    this.#endMs = performance.now() + seconds * 1000
    const giveUp = () => {
      this.#unended = this.#open
      this.#resolve()
    }
    setTimeout(giveUp, seconds * 1000 + this.#load.pauseMs + END_MS)
  }

  onAnswer(stream: Stream, connection: StreamConnection): 'now' | 'later' | 'never' {
    const nowMs = performance.now()
    if (nowMs >= this.#endMs) return 'never'
    this.#times.add(1000 * (nowMs - stream.sentAtMs))
    const { pauseMs } = this.#load
    if (pauseMs === 0) return 'now'
    setTimeout(() => connection.sendOn(stream), pauseMs)
    return 'later'
  }

  onBroken(streams: number): void {
    this.#broken += streams
  }

  onFinished(): void {
    this.#open--
    if (this.#open === 0) this.#resolve()
  }

  report(): Report {
    const [p50, p99, p999] = [0.5, 0.99, 0.999].map((share) => this.#times.quantileUs(share))
    return {
      requests: this.#times.total,
      duration_us: this.#load.seconds * 1_000_000,
      p50_us: p50!,
      p99_us: p99!,
      p999_us: p999!,
      errors: { broken: this.#broken, unended: this.#unended },
    }
  }
}

function open(port: number): Promise<Socket> {
  return new Promise((resolve, reject) => {
    const socket = connect(port, '127.0.0.1', () => {
      socket.off('error', reject)
      resolve(socket)
    })
    socket.once('error', reject)
  })
}

await main(JSON.parse(process.argv[2] ?? '') as StreamLoad)
process.exit()
