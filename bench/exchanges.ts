/** What is asked and answered in one request. */
export interface Exchange {
  readonly name: string
  readonly path: string
  /** Octets of the request's body; 0 is a GET, others are a POST. */
  readonly requestBytes: number
  /** Octets of the answer's body. */
  readonly answerBytes: number
  readonly isGrpc: boolean
}

/** Length of a message of gRPC without its prefix. */
const MESSAGE_BYTES = 100
/** One octet says whether it is compressed, four how long it is. */
const PREFIX_BYTES = 5

/** A message of gRPC on the wire: its prefix and 100 octets. */
export const FRAMED_MESSAGE = formatMessage()

/** How many messages one call of {@link GRPC_SERVER_STREAM} brings. */
export const SERVER_STREAM_MESSAGES = 1000

export const GET_1K: Exchange = { name: 'get-1k', path: '/1k', requestBytes: 0, answerBytes: 1024, isGrpc: false }
export const GET_100K: Exchange = { ...GET_1K, name: 'get-100k', path: '/100k', answerBytes: 102_400 }

/** A call of one message each way. */
export const GRPC_UNARY: Exchange = grpcExchange('unary', FRAMED_MESSAGE.length)
/** A call that stays open; each message is answered by one message. One request of the results is one such pair. */
export const GRPC_BIDI_STREAM: Exchange = grpcExchange('bidi-stream', FRAMED_MESSAGE.length)
/** A call of one message, answered by many, each in a DATA frame of its own. */
export const GRPC_SERVER_STREAM: Exchange = grpcExchange(
  'server-stream',
  SERVER_STREAM_MESSAGES * FRAMED_MESSAGE.length,
)

/** All that the origin of HTTP/2 can do. */
export const H2_EXCHANGES = [GET_1K, GET_100K, GRPC_UNARY, GRPC_BIDI_STREAM, GRPC_SERVER_STREAM] as const

function grpcExchange(name: string, answerBytes: number): Exchange {
  const requestBytes = FRAMED_MESSAGE.length
  return { name: `grpc-${name}`, path: `/bench.Bench/${name}`, requestBytes, answerBytes, isGrpc: true }
}

function formatMessage(): Buffer {
  const message = Buffer.alloc(PREFIX_BYTES + MESSAGE_BYTES, 'x')
  message[0] = 0
  message.writeUInt32BE(MESSAGE_BYTES, 1)
  return message
}
