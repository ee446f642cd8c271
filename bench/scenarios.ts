import { type Exchange, GET_1K, GET_100K, GRPC_BIDI_STREAM, GRPC_SERVER_STREAM, GRPC_UNARY } from './exchanges.ts'

/** What stands between client and origin. */
export type Topology = '1hop' | '2hop-mtls'

/** `h2` is HTTP/2, in clear by prior knowledge where there is no TLS. */
export type Protocol = 'http1' | 'h2'

/** `routes`: 20 of them; `policies`: these, with retries, and outlier detection of their backend. */
export type Attached = 'routes' | 'policies'

/** One kind of load; the name is stable, so that results of different days can be laid beside each other. */
export interface Scenario {
  readonly name: string
  readonly topology: Topology
  /** What the client speaks, and the origin. */
  readonly protocol: Protocol
  /** What the two proxies speak to each other. Heddle always speaks HTTP/2, and nginx cannot: it stays with HTTP/1.1. */
  readonly hopProtocol: Protocol
  readonly exchange: Exchange
  /** Whether each request comes on a connection of its own. */
  readonly connectsAnew: boolean
  /** Requests that each connection of the client has open at once; 1 with HTTP/1. */
  readonly streams: number
  /** Endpoints that the (first) proxy balances over; more than one only with one hop. */
  readonly endpoints: number
  /** How many connections the client has open, unless chosen by an option. */
  readonly connections: readonly number[]
  readonly proxies: readonly ProxyName[]
  /** What is attached to the destination; nothing where it is left out. */
  readonly attached?: Attached
}

/** Who is compared, in the order of the table. */
export const PROXIES = ['heddle', 'haproxy', 'nginx', 'envoy'] as const
export type ProxyName = (typeof PROXIES)[number]

/** How wide load of the usual kind is spread. */
export const CONNECTIONS = [16, 256] as const
/** Without nginx: it has no HTTP/2 to the next hop but for gRPC, and there one connection for each request. */
const WITH_H2_POOLS = PROXIES.filter((name) => name !== 'nginx')
/** With them, fewer connections are as many requests at once. */
const MANY_STREAMS = 100
const MANY_STREAMS_CONNECTIONS = [16] as const

type Kind = Omit<Scenario, 'streams' | 'endpoints' | 'connections'>

const HTTP1: Omit<Kind, 'name' | 'topology' | 'exchange'> = {
  protocol: 'http1',
  hopProtocol: 'h2',
  connectsAnew: false,
  proxies: PROXIES,
}
const H2: Omit<Kind, 'name' | 'topology' | 'exchange'> = { ...HTTP1, protocol: 'h2' }
const H2_HOPS = { ...H2, topology: '2hop-mtls', proxies: WITH_H2_POOLS } as const

/** What our own routes and policies cost; compared with `http1-1hop-1k`. */
const ATTACHED = { ...HTTP1, topology: '1hop', exchange: GET_1K, proxies: ['heddle'] } as const

const KINDS: readonly Kind[] = [
  { ...HTTP1, name: 'http1-1hop-1k', topology: '1hop', exchange: GET_1K },
  { ...ATTACHED, name: 'http1-1hop-routes-1k', attached: 'routes' },
  { ...ATTACHED, name: 'http1-1hop-policies-1k', attached: 'policies' },
  { ...HTTP1, name: 'http1-1hop-100k', topology: '1hop', exchange: GET_100K },
  { ...HTTP1, name: 'http1-1hop-connect-1k', topology: '1hop', exchange: GET_1K, connectsAnew: true },
  { ...HTTP1, name: 'http1-2hop-mtls-1k', topology: '2hop-mtls', exchange: GET_1K },
  { ...HTTP1, name: 'http1-2hop-mtls-100k', topology: '2hop-mtls', exchange: GET_100K },
  { ...HTTP1, name: 'http1-2hop-mtls-connect-1k', topology: '2hop-mtls', exchange: GET_1K, connectsAnew: true },
  { ...HTTP1, name: 'http1-2hop-h1-mtls-1k', topology: '2hop-mtls', exchange: GET_1K, hopProtocol: 'http1' },
  { ...H2, name: 'h2-1hop-1k', topology: '1hop', exchange: GET_1K },
  { ...H2_HOPS, name: 'h2-2hop-mtls-1k', exchange: GET_1K },
  { ...H2_HOPS, name: 'h2-2hop-mtls-100k', exchange: GET_100K },
  { ...H2, name: 'grpc-1hop', topology: '1hop', exchange: GRPC_UNARY },
  { ...H2_HOPS, name: 'grpc-2hop-mtls', exchange: GRPC_UNARY },
  { ...H2_HOPS, name: 'grpc-stream-2hop-mtls', exchange: GRPC_BIDI_STREAM },
  { ...H2_HOPS, name: 'grpc-server-stream-2hop-mtls', exchange: GRPC_SERVER_STREAM },
]

/** Which sizes to run a scenario with; those of a full run unless stated. */
export interface Sizes {
  readonly streams?: readonly number[] | undefined
  readonly endpoints?: readonly number[] | undefined
}

/**
 * Every scenario, once for each number of streams and endpoints. More than one of them is told by the name:
 * `grpc-2hop-mtls-100streams`, `grpc-1hop-50endpoints`.
 */
export function listScenarios(sizes: Sizes = {}): readonly Scenario[] {
  return KINDS.flatMap((kind) =>
    listStreams(kind, sizes).flatMap((streams) =>
      listEndpoints(kind, sizes).map((endpoints) => toScenario(kind, streams, endpoints)),
    ),
  )
}

function listStreams({ protocol, exchange }: Kind, { streams }: Sizes): readonly number[] {
  if (protocol === 'http1') return [1]
  if (streams !== undefined) return streams
  // Each of its answers is a thousand messages already.
  return exchange === GRPC_SERVER_STREAM ? [1] : [1, MANY_STREAMS]
}

/** With two hops the second proxy is the one endpoint of the first. */
function listEndpoints({ topology }: Kind, { endpoints }: Sizes): readonly number[] {
  return topology === '1hop' && endpoints !== undefined ? endpoints : [1]
}

function toScenario(kind: Kind, streams: number, endpoints: number): Scenario {
  const suffixes = [streams > 1 ? `-${streams}streams` : '', endpoints > 1 ? `-${endpoints}endpoints` : '']
  const isWide = streams > 1 || (kind.protocol === 'h2' && kind.exchange.answerBytes > GET_1K.answerBytes)
  const connections = isWide ? MANY_STREAMS_CONNECTIONS : CONNECTIONS
  return { ...kind, name: kind.name + suffixes.join(''), streams, endpoints, connections }
}
