/** How bytes of a port are to be read. */
export type PortProtocol = 'http1' | 'http2' | 'tls' | 'opaque'

/**
 * Names of `appProtocol`: those of Kubernetes (KEP-3726), of IANA, and those that other meshes take. Protocols in which
 * the server speaks first, or which are none of HTTP and TLS, are opaque.
 */
const NAMES: Readonly<Record<PortProtocol, readonly string[]>> = {
  http1: ['http', 'http/1.1', 'grpc-web', 'ws', 'kubernetes.io/ws'],
  http2: ['http2', 'h2c', 'grpc', 'kubernetes.io/h2c'],
  tls: ['https', 'tls', 'wss', 'kubernetes.io/wss'],
  opaque: [
    'heddle.dev/opaque',
    'tcp',
    'amqp',
    'ftp',
    'imap',
    'kafka',
    'ldap',
    'memcache',
    'mongo',
    'mongodb',
    'mysql',
    'nats',
    'pop3',
    'postgres',
    'postgresql',
    'redis',
    'smtp',
    'ssh',
  ],
}

const BY_NAME: ReadonlyMap<string, PortProtocol> = new Map(
  Object.entries(NAMES).flatMap(([protocol, names]) => names.map((name) => [name, protocol as PortProtocol] as const)),
)

/** @returns `undefined` for what is absent or not known: the first bytes are looked at then */
export function protocolOfName(appProtocol: string | undefined): PortProtocol | undefined {
  return BY_NAME.get(appProtocol?.toLowerCase() ?? '')
}

/** Every name that is known, by what it means. */
export function knownAppProtocols(): Readonly<Record<PortProtocol, readonly string[]>> {
  return NAMES
}
