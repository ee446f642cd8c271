import type { HttpError } from './http-error.ts'
import type { Fields } from './message/fields.ts'
import type { RequestHead, ResponseHead } from './message/head.ts'

/**
 * One connection of HTTP, as bytes to streams and back. HTTP/1 and HTTP/2 implement the same contracts, so the proxy has
 * one request loop. Nothing here owns a socket or a timer: the owner feeds octets in, gives a {@link Transport}, and calls
 * `flush` at the end of each turn.
 *
 * No method throws because of what a peer sent; such faults arrive as calls of the receiver or handler.
 */
interface Session {
  /** Octets from the peer. Valid during the call only: whoever keeps some must copy them. */
  receive(bytes: Uint8Array): void
  /** The peer's FIN. */
  receiveEnd(): void
  /** The transport took everything it was given; streams that waited get `onWritable`. */
  transportDrained(): void
  /** Hands gathered output to the transport, in one write where possible. */
  flush(): void
  /** Goes on with open streams, takes no new ones, then calls `Transport.end`. Idempotent. */
  drain(): void
  /** Ends all streams with `onAbort`; writes nothing more. For a transport that failed or a deadline. */
  destroy(reason: StreamReset): void
  /** Streams that are open. */
  readonly activeStreams: number
}

/** What a session writes to; the owner of the socket implements it. */
export interface Transport {
  /**
   * Writes now.
   * @returns true when all octets are with the kernel, so that `bytes` may be reused at once; false when they are
   *   still referred to: the session must not touch `bytes` again and gets `transportDrained` later
   */
  write(bytes: Uint8Array): boolean
  /** There is output to flush at the end of this turn. Called once until the next flush. */
  wantsFlush(): void
  /** Stops and restarts reading from the socket (back-pressure, pipelining). */
  pauseReading(): void
  resumeReading(): void
  /** No more output: FIN, once all is written. Reading goes on until the peer's end. */
  end(): void
  /** Ends the connection at once, with RST where possible. */
  abort(): void
}

/** Why a stream ended before its message was complete. */
export interface StreamReset {
  readonly kind: /** The peer's octets made no sense: `error` says what. */
    | 'protocol'
    /** The peer closed or reset. */
    | 'peer-closed'
    /** Our side gave up: deadline, shutdown, the other hop failed. */
    | 'local'
    /** HTTP/2 REFUSED_STREAM or GOAWAY: certainly not processed. HTTP/1: closed before any octet of the answer. */
    | 'refused'
  readonly detail: string
  readonly error?: HttpError
}

/** Gets what the peer sends on one stream, in order: data*, then exactly one of end and abort. */
export interface BodyReceiver {
  /** Part of the body (or of an upgraded stream's octets). Valid during the call only. */
  onData(bytes: Uint8Array): void
  /** The body's end, or the peer's half-close of an upgraded stream. */
  onEnd(trailers: Fields | undefined): void
  /** Nothing more will come, nor can anything be sent. */
  onAbort(reset: StreamReset): void
  /** After `sendData` returned false: more may be sent. */
  onWritable(): void
}

/** The sending half of a stream, and the brake of the receiving half. */
export interface BodySender {
  /**
   * Copies or writes `bytes`; the caller may reuse them afterwards.
   * @returns false when the caller should wait for `onWritable` (the octets were taken all the same)
   */
  sendData(bytes: Uint8Array): boolean
  /** Ends the body; on an upgraded stream, half-closes. */
  sendEnd(trailers?: Fields): void
  /** Gives up the stream. HTTP/1: the connection goes with it, unless nothing of a message is under way. */
  reset(reset: StreamReset): void
  /** Asks for no more `onData` until resumed; little may still come. */
  pauseBody(): void
  resumeBody(): void
}

/** One request, seen by the server. */
export interface ServerStream extends BodySender {
  /** 1xx but 101. 100 is sent by whoever decided to take the body. */
  sendInformational(head: ResponseHead): void
  /** The answer's head; status 101 makes the stream opaque. `hasBody` false: the answer ends with the head. */
  sendHead(head: ResponseHead, hasBody: boolean): void
}

/** The session that faces clients. */
export interface ServerSession extends Session {
  readonly role: 'server'
  readonly protocol: 'http1' | 'http2'
}

export interface ServerHandler {
  /** A request began. The returned receiver gets its body; for a head without body only `onEnd`. */
  onRequest(stream: ServerStream, head: RequestHead): BodyReceiver
  /**
   * The client broke the protocol outside of any request of ours; the session has answered (400 and the like) where
   * it could and ends the connection itself.
   */
  onFault(error: HttpError): void
  /** No stream is open and the connection can be reused; begins the idle time. */
  onIdle(): void
}

/** Gets the answer of one request: informational*, head, then as {@link BodyReceiver}. */
export interface ResponseReceiver extends BodyReceiver {
  onInformational(head: ResponseHead): void
  /** `hasBody` false: `onEnd` follows at once. */
  onHead(head: ResponseHead, hasBody: boolean): void
}

/** The session that faces servers. */
export interface ClientSession extends Session {
  readonly role: 'client'
  readonly protocol: 'http1' | 'http2'
  /** How many more requests may be begun now: HTTP/1 0 or 1. */
  readonly capacity: number
  /** False once no request can ever be begun again. */
  readonly isReusable: boolean
  /**
   * Begins a request. `hasBody` false: it ends with the head.
   * @throws {RangeError} when `capacity` is 0: a bug of the caller
   */
  request(head: RequestHead, hasBody: boolean, receiver: ResponseReceiver): BodySender
}

export interface ClientHandler {
  /** A stream ended and `capacity` grew; the owner may pool the connection. */
  onIdle(): void
  /** The server spoke or closed while nothing was asked, or broke the protocol: not to be used again. */
  onUnusable(reason: StreamReset): void
}
