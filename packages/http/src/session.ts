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
  /**
   * Octets from the peer. Sessions and receivers copy what they keep, but for heads of HTTP/1, whose message keeps them where they
   * are. `bytes` are the session's from here on: large parts may still be on their way to another transport, uncopied, and where a
   * head came another may be written.
   */
  receive(bytes: Uint8Array): void
  /** The peer's FIN. */
  receiveEnd(): void
  /** The transport took everything it was given; streams that waited get `onWritable`. */
  transportDrained(): void
  /**
   * Hands gathered output to the transport, in one write where possible. A server session goes on from here to what waited
   * for the end of an answer: the next request of a pipeline (`onRequest`), or `onIdle`.
   */
  flush(): void
  /** Goes on with open streams, takes no new ones, then calls `Transport.end`. Idempotent. */
  drain(): void
  /**
   * Ends all streams with `onAbort`; writes nothing more. For a transport that failed or a deadline. Calls
   * `Transport.abort`, so that is to be harmless on a socket already gone. Idempotent.
   */
  destroy(reason: StreamReset): void
  /** Streams that are open. */
  readonly activeStreams: number
}

/** What a session writes to; the owner of the socket implements it. */
export interface Transport {
  /**
   * Writes the octets of `bytes` from `start` to `end` now. A view of them would cost more than the rest of this call.
   * @returns true when all octets are with the kernel, so that `bytes` may be reused at once; false when they are
   *   still referred to: the session must not touch `bytes` again and gets `transportDrained` later
   */
  write(bytes: Uint8Array, start: number, end: number): boolean
  /**
   * There is work for `flush` at the end of this turn. Called once until the next flush of this session. May be called
   * while another session is being flushed, so the owner's list must bear additions during its walk.
   */
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
    /** Our side failed in a way it should not. */
    | 'bug'
    /** HTTP/2 REFUSED_STREAM or GOAWAY: certainly not processed. HTTP/1: closed before any octet of the answer. */
    | 'refused'
  readonly detail: string
  readonly error?: HttpError
  /** HTTP/2: the error code that came or is to be sent. RFC 9113 §7. Left out: CANCEL is sent. */
  readonly code?: number
}

/**
 * Gets what the peer sends on one stream, in order: data*, then exactly one of end and abort. Exceptions: nothing comes
 * after one's own `reset`, and nothing comes to a server once its answer ended (the rest of the body is discarded).
 */
export interface BodyReceiver {
  /**
   * Part of the body (or of an upgraded stream's octets), never empty: the octets of `bytes` from `start` to `end`. To be copied by
   * whoever keeps it.
   */
  onData(bytes: Uint8Array, start: number, end: number): void
  /**
   * The body's end, or the peer's half-close of an upgraded stream. A server gets the end of a request with `upgrade`, and
   * of CONNECT, only after it sent the answer's head, because only then it is known whether octets follow.
   */
  onEnd(trailers: Fields | undefined): void
  /** Nothing more will come, nor can anything be sent. */
  onAbort(reset: StreamReset): void
  /** After `sendData` returned false: more may be sent. */
  onWritable(): void
}

/**
 * The sending half of a stream, and the brake of the receiving half. Once the stream is over (answer ended, aborted or
 * reset) all methods do nothing and `sendData` returns true.
 */
export interface BodySender {
  /**
   * Copies or writes the octets of `bytes` from `start` (0) to `end` (their number). Small parts are copied, large ones go to the
   * transport as they are: the caller must not write into them afterwards. More than `bodyLength` octets, or fewer before `sendEnd`,
   * abort the connection.
   * @returns false when the caller should wait for `onWritable` (the octets were taken all the same)
   */
  sendData(bytes: Uint8Array, start?: number, end?: number): boolean
  /**
   * Ends the body; on an upgraded stream, half-closes. Does nothing when the message ended with its head. Trailers are
   * dropped where the framing has no place for them.
   */
  sendEnd(trailers?: Fields): void
  /**
   * Gives up the stream. HTTP/1: the connection goes with it (`Transport.abort`), unless nothing of a message is under way.
   * HTTP/2: RST_STREAM.
   * The own receiver hears nothing more, not even `onAbort`.
   */
  reset(reset: StreamReset): void
  /** Asks for no more `onData` until resumed; HTTP/1 stops at once, of other protocols little may still come. */
  pauseBody(): void
  /** What was held back meanwhile comes (`onData`, `onEnd`) before this returns. */
  resumeBody(): void
}

/** One request, seen by the server. */
export interface ServerStream extends BodySender {
  /** 1xx but 101. 100 is sent by whoever decided to take the body. Dropped for a client of HTTP/1.0. */
  sendInformational(head: ResponseHead): void
  /**
   * The answer's head. Status 101, and 2xx to CONNECT, make the stream opaque whatever `hasBody` says. `hasBody` false: the
   * answer ends with the head, also when `bodyLength` is not 0 (HEAD, 304).
   */
  sendHead(head: ResponseHead, hasBody: boolean): void
}

/** The session that faces clients. */
export interface ServerSession extends Session {
  readonly role: 'server'
  readonly protocol: 'http1' | 'http2'
  /**
   * A head, or what comes before the first one, that has come in part: its rest should have a deadline. 0: there is none;
   * another number than before: it is another one. Where no request has been told since, the same one has the same number.
   */
  readonly headUnderWay: number
  /**
   * Ends the connection for a fault that the owner saw, such as `head_timeout`: as if the session had found it itself, so
   * with an answer where that is possible and with `onAbort` or `onFault`.
   */
  refuse(error: HttpError): void
  /**
   * HTTP/2: resets streams whose answer has ended for our side, while nothing of it could be sent since the last call. To be
   * called now and then while more streams are open than requests.
   * @returns how many
   */
  resetStuck(): number
}

/** What a server session tells its owner, from within the calls of its methods. */
export interface ServerHandler {
  /** A request began. The returned receiver gets its body; for a head without body only `onEnd`. */
  onRequest(stream: ServerStream, head: RequestHead): BodyReceiver
  /**
   * The client broke the protocol outside of any request of ours; the session has answered (400 and the like) where
   * it could and ends the connection itself. Of HTTP/2 the connection goes on when only the head of one stream was wrong,
   * or one stream was too many; what breaks the connection is told here once and to each open stream (`onAbort`).
   */
  onFault(error: HttpError): void
  /**
   * No stream is open and the connection can be reused; part of a next request may have come (`headUnderWay`), else the idle
   * time begins. HTTP/2: also once, when the connection has been set up.
   */
  onIdle(): void
}

/** Gets the answer of one request: informational*, head, then as {@link BodyReceiver}. */
export interface ResponseReceiver extends BodyReceiver {
  onInformational(head: ResponseHead): void
  /**
   * `hasBody` false: `onEnd` follows at once, or over HTTP/2 as soon as the server ends the stream, which is all that may come. True also
   * for 101 and for 2xx to CONNECT: opaque octets follow.
   */
  onHead(head: ResponseHead, hasBody: boolean): void
}

/** The session that faces servers. */
export interface ClientSession extends Session {
  readonly role: 'client'
  readonly protocol: 'http1' | 'http2'
  /**
   * How many more requests may be begun now: HTTP/1 0 or 1, HTTP/2 what the server allows (before it said so: 100) less the
   * open ones, and 0 once it sent GOAWAY, the ids ran out, or `drain` was called.
   */
  readonly capacity: number
  /** False once no request can ever be begun again. */
  readonly isReusable: boolean
  /**
   * Begins a request. `hasBody` false: it ends with the head.
   * @throws {RangeError} when `capacity` is 0, or `takesUpgrades` is not known: a bug of the caller
   */
  request(head: RequestHead, hasBody: boolean, receiver: ResponseReceiver): BodySender
  /**
   * Whether a GET with `upgrade` is taken for what it is; else that is left out. HTTP/1 always; HTTP/2 where the server allows
   * extended CONNECT. `undefined`: it has not said so yet, and `request` must not be called with one. RFC 8441 §3.
   */
  readonly takesUpgrades: boolean | undefined
  /** Says what comes before the first request, so that the server says what it allows. HTTP/1 has nothing of the kind. */
  greet(): void
  /** Asks the server for a sign of life; any octets are one. HTTP/1 has no such question: nothing happens. */
  ping(): void
}

/** What a client session tells its owner, from within the calls of its methods; the answers go to their receivers. */
export interface ClientHandler {
  /**
   * A stream ended and `capacity` grew; the owner may pool the connection, or begin the next request at once. Never after
   * `onUnusable`.
   */
  onIdle(): void
  /**
   * HTTP/2: the server has said for the first time what it allows, or allows more streams than before, and there is `capacity`.
   * Never after `onUnusable`.
   */
  onAllowance(): void
  /**
   * Not to be used again: the server spoke or closed while nothing was asked, broke the protocol, or ends the connection
   * with this answer. After the end or abort of each stream comes exactly one of `onIdle` and `onUnusable`, but for streams
   * that our side ended by `reset` or `destroy`. The session has called `Transport.end` or `abort` itself. HTTP/2: told once,
   * other streams may go on; the session ends the connection after the last of them.
   */
  onUnusable(reason: StreamReset): void
}
