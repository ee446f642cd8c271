import { MAX_MATCH_STEPS } from '@heddle/engine/route/match-meter'

interface LimitSpec {
  readonly default: number
  readonly unit: 'ms' | 'bytes' | 'count'
  /** What it bounds, and what happens there; one sentence or two for the reference page. */
  readonly doc: string
}

/**
 * Everything that is bounded in the data path. docs/reference/limits.md is generated from this table. Reaching one of them
 * adds to `heddle_limit_reached_total{limit="NAME"}`, but for those of which `limits-page.ts` says otherwise.
 */
export const LIMITS = {
  connections: {
    default: 20_000,
    unit: 'count',
    doc: 'Accepted connections of the process. Lowered at start to 60 % of the descriptors that the process may open. More are closed at once.',
  },
  outgoingConnections: {
    default: 20_000,
    unit: 'count',
    doc: 'Connections of the process to endpoints and applications, those under way as well. Lowered at start to 35 % of the descriptors that the process may open. Requests that need a further one are answered 503.',
  },
  detectMs: {
    default: 100,
    unit: 'ms',
    doc: 'How long a connection of undeclared protocol may be silent before its server is taken to speak first.',
  },
  detectBytes: {
    default: 16_384,
    unit: 'bytes',
    doc: 'First bytes kept while the protocol cannot be told yet. Beyond it the connection is opaque.',
  },
  handshakeMs: {
    default: 5_000,
    unit: 'ms',
    doc: 'TLS handshake between proxies, on either end; where nothing but a handshake can come, from the accept on. Then the connection is closed.',
  },
  requestHeadMs: {
    default: 10_000,
    unit: 'ms',
    doc: 'From the first byte of a request to the end of its head. Then 408; over HTTP/2 the connection ends, as nothing else could follow.',
  },
  requestHeadBytes: {
    default: 65_536,
    unit: 'bytes',
    doc: 'Head of a request. Then 431.',
  },
  responseHeadBytes: {
    default: 65_536,
    unit: 'bytes',
    doc: "Head of an endpoint's answer. Then 502.",
  },
  responseHeadMs: {
    default: 300_000,
    unit: 'ms',
    doc: 'From the end of a request to the head of its answer. Then 504.',
  },
  bodyIdleMs: {
    default: 300_000,
    unit: 'ms',
    doc: 'Silence of both sides in the middle of a request or answer. Then the exchange is broken off.',
  },
  grpcIdleMs: {
    default: 3_600_000,
    unit: 'ms',
    doc: 'Silence of both sides of a call of gRPC, before and after the head of its answer; in the place of `responseHeadMs` and `bodyIdleMs`, since streams may be silent for long. A call that has a deadline ends at that, if it comes first. Then the call is broken off.',
  },
  keepAliveMs: {
    default: 600_000,
    unit: 'ms',
    doc: 'Silence of an accepted connection between two requests. Longer than what pools of clients keep, so that the client closes first.',
  },
  poolIdleMs: {
    default: 60_000,
    unit: 'ms',
    doc: 'How long an unused connection to another proxy is kept for the next request.',
  },
  poolPlainIdleMs: {
    default: 4_000,
    unit: 'ms',
    doc: 'How long an unused HTTP/1 connection without mTLS is kept. Below the 5 s after which many HTTP servers close.',
  },
  connectMs: {
    default: 1_000,
    unit: 'ms',
    doc: 'TCP connect to an endpoint of the mesh or the own application. Then another endpoint is tried.',
  },
  connectUnmeshedMs: {
    default: 10_000,
    unit: 'ms',
    doc: 'TCP connect to a destination outside the mesh.',
  },
  connectTries: {
    default: 3,
    unit: 'count',
    doc: 'Endpoints tried for one request or connection while none can be connected to.',
  },
  avoidFirstMs: {
    default: 1_000,
    unit: 'ms',
    doc: 'How long an endpoint is passed over after it could not be connected to; doubles with each failure in a row.',
  },
  avoidLastMs: {
    default: 30_000,
    unit: 'ms',
    doc: 'The longest time for which an endpoint is passed over.',
  },
  connectionStreams: {
    default: 256,
    unit: 'count',
    doc: 'Requests under way on one accepted HTTP/2 connection. Told to the client; further ones are refused unread.',
  },
  streamResets: {
    default: 1_000,
    unit: 'count',
    doc: 'Requests of one HTTP/2 connection that were for nothing: cancelled before their answer, refused, or broken. Each answered one gives one back. Beyond it the connection is closed.',
  },
  endpointConnections: {
    default: 1_024,
    unit: 'count',
    doc: 'Pooled connections to one endpoint, in use or not. Further requests wait.',
  },
  endpointStreams: {
    default: 1_000,
    unit: 'count',
    doc: 'Requests under way on one HTTP/2 connection to an endpoint, where the endpoint does not allow fewer. Beyond it a further connection is opened.',
  },
  endpointPending: {
    default: 1_024,
    unit: 'count',
    doc: 'Requests that wait for a connection to one endpoint, beyond those of `endpointExpected`. Further ones are answered 503.',
  },
  endpointExpected: {
    default: 8_192,
    unit: 'count',
    doc: 'Requests that wait for HTTP/2 connections to one endpoint which are being opened and are expected to have room for them, as in a burst after a start. Further ones count as `endpointPending`.',
  },
  replayBytes: {
    default: 65_536,
    unit: 'bytes',
    doc: 'Body of a request kept until its answer begins, so that it can be sent again when an HTTP/2 server refuses it unread. A larger one is not sent again.',
  },
  matchSteps: {
    default: MAX_MATCH_STEPS,
    unit: 'count',
    doc: 'Steps that matching one request with the regular expressions of routes may take: characters of each value, times the instructions of each expression that it is matched with (`/v[0-9]+/.*` has 9). Then 414 where it is the path that is too long, 431 where it is a header.',
  },
  mirrorRequests: {
    default: 1_000,
    unit: 'count',
    doc: 'Copies of requests for mirrors that are under way. Beyond it no further request is copied.',
  },
  mirrorBytes: {
    default: 262_144,
    unit: 'bytes',
    doc: 'Body of a copied request that waits for its mirror. A copy of which more waits is given up; the request itself goes on.',
  },
  decisionBytes: {
    default: 1_048_576,
    unit: 'bytes',
    doc: '[Decision records](decision-records.md) kept for one workload: half of it for failures, a quarter each for slow or retried requests and for the sample of all others. Beyond it the oldest are forgotten. 0: none are kept.',
  },
  decisionFailures: {
    default: 1_000,
    unit: 'count',
    doc: 'Failed or retried requests of one second of which a record is made. Further ones are only counted.',
  },
  decisionSlowMs: {
    default: 1_000,
    unit: 'ms',
    doc: 'From how long on a request counts as slow, so that its record is kept. Raised by itself while more than 5 a second are.',
  },
  pingAfterMs: {
    default: 10_000,
    unit: 'ms',
    doc: 'Silence of an HTTP/2 connection to another proxy on which answers are awaited, after which it is asked for a sign of life.',
  },
  pingMs: {
    default: 5_000,
    unit: 'ms',
    doc: 'How long that sign may take. Then the connection is given up, and its requests are answered 502 or sent again.',
  },
  pendingMs: {
    default: 10_000,
    unit: 'ms',
    doc: 'How long a request may wait for a connection to its endpoint. Then 503.',
  },
  opaqueIdleMs: {
    default: 3_600_000,
    unit: 'ms',
    doc: 'Silence of both sides of an opaque connection. Then it is closed.',
  },
  websocketIdleMs: {
    default: 3_600_000,
    unit: 'ms',
    doc: 'Silence of both sides of a WebSocket, or of whatever else a request was upgraded to. Then it is closed.',
  },
  halfClosedMs: {
    default: 300_000,
    unit: 'ms',
    doc: 'Silence of an opaque connection one of whose sides has ended its sending. Then it is closed.',
  },
  clientEndedMs: {
    default: 30_000,
    unit: 'ms',
    doc: 'How long nothing may come of an answer to an HTTP/1 client that has ended its sending (FIN): it may have gone, which cannot be told before the first octet is sent to it. Then 504, or the answer is broken off. Upgraded connections are not meant.',
  },
  lingerMs: {
    default: 5_000,
    unit: 'ms',
    doc: 'How long a connection may take to end after the proxy has said its last byte. Then it is reset.',
  },
} as const satisfies Record<string, LimitSpec>

export type LimitName = keyof typeof LIMITS
/** One number for each limit, in its unit. */
export type Limits = { readonly [Name in LimitName]: number }

/**
 * The limits in force.
 * @param overrides - what differs from the defaults
 */
export function resolveLimits(overrides: Partial<Limits> = {}): Limits {
  const limits: Partial<Record<LimitName, number>> = {}
  for (const name of Object.keys(LIMITS) as LimitName[]) limits[name] = overrides[name] ?? LIMITS[name].default
  return Object.freeze(limits) as Limits
}
