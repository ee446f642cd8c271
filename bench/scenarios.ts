/** What stands between client and origin. */
export type Topology = '1hop' | '2hop-mtls'

/** One kind of load; the name is stable, so that results of different days can be laid beside each other. */
export interface Scenario {
  readonly name: string
  readonly topology: Topology
  /** What the origin is asked for; it knows `/1k` (1024 bytes) and `/100k` (102,400 bytes). */
  readonly path: '/1k' | '/100k'
  /** Whether each request comes on a connection of its own. */
  readonly connectsAnew: boolean
}

/** Every scenario, each of them run with every one of {@link CONNECTIONS}. */
export const SCENARIOS: readonly Scenario[] = [
  { name: 'http1-1hop-1k', topology: '1hop', path: '/1k', connectsAnew: false },
  { name: 'http1-1hop-100k', topology: '1hop', path: '/100k', connectsAnew: false },
  { name: 'http1-1hop-connect-1k', topology: '1hop', path: '/1k', connectsAnew: true },
  { name: 'http1-2hop-mtls-1k', topology: '2hop-mtls', path: '/1k', connectsAnew: false },
  { name: 'http1-2hop-mtls-100k', topology: '2hop-mtls', path: '/100k', connectsAnew: false },
  { name: 'http1-2hop-mtls-connect-1k', topology: '2hop-mtls', path: '/1k', connectsAnew: true },
]

/** How many connections the client has open. */
export const CONNECTIONS = [16, 256] as const

/** Who is compared, in the order of the table. */
export const PROXIES = ['heddle', 'haproxy', 'nginx', 'envoy'] as const
export type ProxyName = (typeof PROXIES)[number]
