import { readFileSync } from 'node:fs'
import { connect, type TLSSocket } from 'node:tls'
import { GET_1K } from '../exchanges.ts'
import { FieldEncoder } from './field-encoder.ts'
import { FrameWriter } from './frame-writer.ts'
import { FLAG, FRAME, type Frame, FrameReader, PREFACE } from './frames.ts'

/** The one argument, as JSON. */
export interface IdleLoad {
  /** Of the loopback. */
  readonly port: number
  readonly connections: number
  readonly serverName: string
  readonly certificateFile: string
  readonly keyFile: string
  readonly caFile: string
}

/** Opened at once; each handshake costs the proxy about a millisecond of CPU. */
const BATCH = 50
const TIMEOUT_MS = 10_000
const FIELDS = Object.entries({
  ':method': 'GET',
  ':scheme': 'https',
  ':path': GET_1K.path,
  ':authority': 'bench',
}).map(([name, value]) => ({ name, value }))

/**
 * Opens connections of HTTP/2 with mTLS which have one request answered and then say nothing; prints how many there are, and keeps
 * them until it is killed.
 */
async function main(load: IdleLoad): Promise<void> {
  const options = {
    port: load.port,
    host: '127.0.0.1',
    servername: load.serverName,
    cert: readFileSync(load.certificateFile),
    key: readFileSync(load.keyFile),
    ca: readFileSync(load.caFile),
    minVersion: 'TLSv1.3',
    ALPNProtocols: ['h2'],
  } as const
  const sockets: TLSSocket[] = []
  let failure: string | undefined
  while (sockets.length < load.connections && failure === undefined) {
    const count = Math.min(BATCH, load.connections - sockets.length)
    const opened = await Promise.allSettled(Array.from({ length: count }, () => openOne(connect(options))))
    for (const result of opened) {
      if (result.status === 'fulfilled') sockets.push(result.value)
      else failure = String(result.reason)
    }
  }
  // At the end, not when each came: a proxy may have closed some meanwhile.
  const open = sockets.filter((socket) => !socket.destroyed && socket.readable).length
  process.stdout.write(`${JSON.stringify({ open, failure })}\n`)
}

function openOne(socket: TLSSocket): Promise<TLSSocket> {
  const out = new FrameWriter()
  out.raw(PREFACE)
  out.settings([])
  const payload = new FieldEncoder().encode(FIELDS)
  out.frame(FRAME.headers, FLAG.endHeaders | FLAG.endStream, { streamId: 1, payload })
  return new Promise((resolve, reject) => {
    const timer = setTimeout(() => reject(new Error('no answer in time')), TIMEOUT_MS)
    const reader = new FrameReader({ skipBytes: 0 })
    const onFrame = (frame: Frame) => {
      if (frame.type === FRAME.settings && (frame.flags & FLAG.ack) === 0) out.settingsAck()
      if (frame.type === FRAME.ping && (frame.flags & FLAG.ack) === 0) {
        out.frame(FRAME.ping, FLAG.ack, { streamId: 0, payload: frame.bytes.subarray(frame.start, frame.end) })
      }
      const mayEnd = frame.type === FRAME.data || frame.type === FRAME.headers
      if (!mayEnd || (frame.flags & FLAG.endStream) === 0) return
      clearTimeout(timer)
      resolve(socket)
    }
    socket.once('secureConnect', () => socket.write(out.take()))
    socket.on('data', (chunk) => {
      reader.read(chunk as Buffer, onFrame)
      if (out.length > 0) socket.write(out.take())
    })
    socket.on('error', reject)
    socket.once('close', () => reject(new Error('closed')))
  })
}

await main(JSON.parse(process.argv[2] ?? '') as IdleLoad)
