/** How the application is asked whether it is well; the shape of a Workload's `healthCheck`. */
export interface HealthCheck {
  readonly probe: HealthProbe
  readonly initialDelayMs: number
  readonly periodMs: number
  readonly timeoutMs: number
  /** So many bad answers in a row make it unhealthy. */
  readonly failureThreshold: number
  /** So many good answers in a row make it healthy again. */
  readonly successThreshold: number
}

/** `http`: well when a GET of `path` answers 200 to 399. `tcp`: when a connection can be made. */
export type HealthProbe =
  | { readonly kind: 'http'; readonly path: string; readonly port: PortRef }
  | { readonly kind: 'tcp'; readonly port: PortRef }

/** Number or name of one of the workload's ports. */
type PortRef = number | string

/** Parses the JSON of a Workload's `healthCheck`. @throws {RangeError} saying what is wrong */
export function parseHealthCheck(text: string): HealthCheck {
  const check = parseObject(text)
  return {
    probe: toProbe(check),
    initialDelayMs: seconds(check, 'initialDelaySeconds', { fallback: 0, min: 0 }),
    periodMs: seconds(check, 'periodSeconds', { fallback: 10, min: 0.1 }),
    timeoutMs: seconds(check, 'timeoutSeconds', { fallback: 1, min: 0.1 }),
    failureThreshold: count(check, 'failureThreshold', 3),
    successThreshold: count(check, 'successThreshold', 1),
  }
}

type Json = Readonly<Record<string, unknown>>

function parseObject(text: string): Json {
  let value: unknown
  try {
    value = JSON.parse(text)
  } catch {
    throw new RangeError('not JSON')
  }
  return toObject(value, 'the value')
}

function toObject(value: unknown, name: string): Json {
  if (typeof value !== 'object' || value === null || Array.isArray(value)) throw new RangeError(`${name} is no object`)
  return value as Json
}

function toProbe(check: Json): HealthProbe {
  if (check.httpGet !== undefined) {
    const { path = '/', port } = toObject(check.httpGet, 'httpGet')
    if (typeof path !== 'string' || !path.startsWith('/')) throw new RangeError('httpGet.path must begin with /')
    return { kind: 'http', path, port: toPort(port, 'httpGet.port') }
  }
  if (check.tcpSocket !== undefined) {
    return { kind: 'tcp', port: toPort(toObject(check.tcpSocket, 'tcpSocket').port, 'tcpSocket.port') }
  }
  throw new RangeError('neither httpGet nor tcpSocket')
}

function toPort(value: unknown, name: string): PortRef {
  if (typeof value === 'string' && value !== '') return value
  if (typeof value === 'number' && Number.isInteger(value) && value > 0 && value <= 65_535) return value
  throw new RangeError(`${name} is neither a port number nor a name`)
}

function seconds(check: Json, name: string, range: { readonly fallback: number; readonly min: number }): number {
  const value = check[name] ?? range.fallback
  if (typeof value !== 'number' || !(value >= range.min) || value > 3600) {
    throw new RangeError(`${name} is not from ${range.min} to 3600`)
  }
  return Math.round(value * 1000)
}

function count(check: Json, name: string, fallback: number): number {
  const value = check[name] ?? fallback
  if (typeof value !== 'number' || !Number.isInteger(value) || value < 1 || value > 100) {
    throw new RangeError(`${name} is not from 1 to 100`)
  }
  return value
}
