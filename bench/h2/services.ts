import {
  type Exchange,
  FRAMED_MESSAGE,
  GET_1K,
  GET_100K,
  GRPC_BIDI_STREAM,
  GRPC_SERVER_STREAM,
  GRPC_UNARY,
} from '../exchanges.ts'
import type { Field } from './field-encoder.ts'
import { MAX_FRAME_BYTES } from './frames.ts'

/** How the origin answers on one port, whatever it is asked. */
export interface Service {
  /** `whole`: `body`, once the request ended. `echo`: what comes, as it comes. */
  readonly kind: 'whole' | 'echo'
  readonly head: readonly Field[]
  readonly body: Buffer
  /** Octets of each DATA frame, where windows allow. */
  readonly frameBytes: number
  readonly trailers: readonly Field[] | undefined
}

const STATUS = { name: ':status', value: '200' }
const GRPC_HEAD = [STATUS, { name: 'content-type', value: 'application/grpc' }]
const GRPC_TRAILERS = [
  { name: 'grpc-status', value: '0' },
  { name: 'grpc-message', value: '' },
]
const NOTHING = Buffer.alloc(0)

/** The answer to each exchange, by its name. */
export const SERVICES: ReadonlyMap<string, Service> = new Map([
  [GET_1K.name, toFile(GET_1K)],
  [GET_100K.name, toFile(GET_100K)],
  [GRPC_UNARY.name, toCall('whole', FRAMED_MESSAGE)],
  [GRPC_BIDI_STREAM.name, toCall('echo', NOTHING)],
  [GRPC_SERVER_STREAM.name, toCall('whole', repeat(FRAMED_MESSAGE, GRPC_SERVER_STREAM.answerBytes))],
])

/** The fields that nginx, the origin of HTTP/1, sends with a file. */
function toFile({ answerBytes }: Exchange): Service {
  const date = new Date().toUTCString()
  const fields = {
    ':status': '200',
    server: 'nginx/1.22.1',
    date,
    'content-type': 'text/plain',
    'content-length': String(answerBytes),
    'last-modified': date,
    etag: `"${answerBytes.toString(16)}-6741b2f0"`,
    'accept-ranges': 'bytes',
  }
  const head = Object.entries(fields).map(([name, value]) => ({ name, value }))
  const body = Buffer.alloc(answerBytes, 'x')
  return { kind: 'whole', head, body, frameBytes: MAX_FRAME_BYTES, trailers: undefined }
}

/** One DATA frame for each message, as servers of gRPC send them. */
function toCall(kind: Service['kind'], body: Buffer): Service {
  return { kind, head: GRPC_HEAD, body, frameBytes: FRAMED_MESSAGE.length, trailers: GRPC_TRAILERS }
}

function repeat(part: Buffer, length: number): Buffer {
  return Buffer.alloc(length, part)
}
