/** What an encoder does with a field. */
export type Indexing =
  /** Goes into the dynamic table when it is first sent. */
  | 'first'
  /** Goes into the dynamic table when it is sent again. */
  | 'repeated'
  /** Never goes into the table. */
  | 'without'
  /** As `without`, and no later hop may put it into one. RFC 7541 §6.2.3. */
  | 'never'

/**
 * Names whose values are few go into the table at once. What nghttp2 (and with it Envoy) leaves out as it mostly differs is left
 * out here, too, but for `:path`: methods of gRPC are paths, and come again and again. For all other names a value has to come
 * twice: what comes once only (ids of requests and traces, deadlines, queries) would push out what is used.
 */
const INDEXING: ReadonlyMap<string, Indexing> = new Map([
  ...namesOf('first', ':authority', ':method', ':protocol', ':scheme', ':status'),
  ...namesOf(
    'first',
    'accept',
    'accept-encoding',
    'accept-language',
    'cache-control',
    'content-encoding',
    'content-type',
  ),
  ...namesOf('first', 'grpc-accept-encoding', 'grpc-encoding', 'grpc-status', 'heddle-http-version', 'server', 'te'),
  ...namesOf('first', 'trailer', 'user-agent', 'vary'),
  ...namesOf(
    'without',
    'age',
    'content-length',
    'etag',
    'if-modified-since',
    'if-none-match',
    'location',
    'set-cookie',
  ),
  // Secrets. Who makes requests on the same connection and sees how long they become could try out values. RFC 7541 §7.1.
  ...namesOf('never', 'authorization', 'proxy-authorization'),
])

/** Shorter cookies may be found by trying. nghttp2 draws the line here. */
const SAFE_COOKIE_OCTETS = 20

/** How fields of that name are sent. */
export function indexingOf(name: string): Indexing {
  return INDEXING.get(name) ?? 'repeated'
}

/** How a field is sent, given how others of its name are. */
export function indexingOfValue(name: string, ofName: Indexing, value: string): Indexing {
  return name === 'cookie' && value.length < SAFE_COOKIE_OCTETS ? 'never' : ofName
}

function namesOf(indexing: Indexing, ...names: readonly string[]): (readonly [string, Indexing])[] {
  return names.map((name) => [name, indexing])
}
