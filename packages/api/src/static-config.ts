import type { BackendPolicyJson } from '@heddle/api/discovery/policy'
import type { CircuitBreakerJson, FaultJson, RouteJson } from '@heddle/api/discovery/route'
import { isMap } from '@heddle/base/is-map'
import { checkAttached } from './attached-fields.ts'

/**
 * A proxy from one file, without a control plane: `heddle proxy --static FILE`. Unknown fields are refused.
 */
export interface StaticConfig {
  readonly listeners: readonly StaticListener[]
  readonly destinations: readonly StaticDestination[]
  /** Without it everything is plain. */
  readonly identity?: StaticIdentity
  /** `IP:PORT` of the admin interface; there is none unless stated. */
  readonly admin?: string
  /** Named limits of the proxy, see docs/reference/limits.md. */
  readonly limits?: Readonly<Record<string, number>>
  /** What to speak with proxies that take both; `http2` unless stated. */
  readonly meshProtocol?: 'http1' | 'http2'
  /** `failures` unless stated. */
  readonly accessLog?: 'off' | 'failures' | 'all'
  /** `info` unless stated. */
  readonly logLevel?: 'debug' | 'info' | 'warn' | 'error' | 'off'
}

export type StaticListener = StaticOutboundListener | StaticInboundListener

/** What arrives here goes to one destination of the file. */
export interface StaticOutboundListener {
  readonly kind: 'outbound'
  /** `IP:PORT`, IPv6 in brackets. */
  readonly address: string
  /** Name of a destination. */
  readonly destination: string
}

/** What arrives here, by mTLS or plain, goes to an application. */
export interface StaticInboundListener {
  readonly kind: 'inbound'
  readonly address: string
  /** `IP:PORT` where the application listens. */
  readonly app: string
  /** `detect` unless stated. */
  readonly protocol?: StaticProtocol
  /** What becomes of clients without mTLS; `permit` unless stated. The same for all listeners of a file. */
  readonly plain?: 'permit' | 'refuse'
}

export type StaticProtocol = 'detect' | 'http1' | 'http2' | 'tls' | 'opaque'

/** Endpoints among which requests are balanced, under a name of lower-case letters, digits and `-`, at most 63. */
export interface StaticDestination {
  readonly name: string
  /** `detect` unless stated. */
  readonly protocol?: StaticProtocol
  readonly endpoints: readonly StaticEndpoint[]
  /**
   * What a control plane would attach, in the JSON of the discovery API; the key of a backend is the name of a destination of the
   * file.
   */
  readonly routes?: readonly RouteJson[]
  readonly policy?: BackendPolicyJson
  readonly faults?: readonly FaultJson[]
  readonly circuitBreaker?: CircuitBreakerJson
}

/** Where one endpoint is, and who it must be. */
export interface StaticEndpoint {
  /** `IP:PORT`. */
  readonly address: string
  /** SPIFFE id that it must prove; plain unless stated. */
  readonly identity?: string
  /** Whole number from 1; 1 unless stated. */
  readonly weight?: number
}

/** Paths of PEM files; read again when they change. */
export interface StaticIdentity {
  /** `spiffe://TRUST_DOMAIN/ns/NAMESPACE/sa/SERVICE_ACCOUNT`, as in the certificate. */
  readonly id: string
  readonly certificateFile: string
  readonly keyFile: string
  readonly trustBundleFile: string
}

/** The configuration, or all that is wrong with it: one sentence each, with the field's path. */
export type StaticConfigResult =
  | { readonly kind: 'valid'; readonly config: StaticConfig }
  | { readonly kind: 'invalid'; readonly problems: readonly string[] }

/**
 * Checks a parsed file.
 *
 * @param value - anything that JSON or YAML can say
 */
export function checkStaticConfig(value: unknown): StaticConfigResult {
  const problems: string[] = []
  const root = new Checker(value, '', problems)
  root.hasOnly(['listeners', 'destinations', 'identity', 'admin', 'limits', 'meshProtocol', 'accessLog', 'logLevel'])
  const names = checkDestinations(root)
  checkListeners(root, names)
  checkIdentity(root)
  root.text('admin', ADDRESS, 'an address like 127.0.0.1:15000', 'optional')
  root.oneOf('meshProtocol', ['http1', 'http2'], 'optional')
  root.oneOf('accessLog', ['off', 'failures', 'all'], 'optional')
  root.oneOf('logLevel', ['debug', 'info', 'warn', 'error', 'off'], 'optional')
  checkLimits(root)
  if (problems.length > 0) return { kind: 'invalid', problems }
  return { kind: 'valid', config: value as StaticConfig }
}

const PROTOCOLS = ['detect', 'http1', 'http2', 'tls', 'opaque']
const NAME = /^[a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?$/
const OCTET = '(?:\\d{1,2}|1\\d\\d|2[0-4]\\d|25[0-5])'
const PORT = '(?:\\d{1,4}|[1-5]\\d{4}|6[0-4]\\d{3}|65[0-4]\\d\\d|655[0-2]\\d|6553[0-5])'
const ADDRESS = new RegExp(`^(?:${OCTET}(?:\\.${OCTET}){3}|\\[[0-9a-fA-F:]+\\]):${PORT}$`)
const SPIFFE_ID = /^spiffe:\/\/[^/]+\/ns\/[^/]+\/sa\/[^/]+$/
const ANY = /^[^\0]+$/

function checkDestinations(root: Checker): ReadonlySet<string> {
  const names = new Set<string>()
  for (const destination of root.list('destinations')) {
    destination.hasOnly(['name', 'protocol', 'endpoints', 'routes', 'policy', 'faults', 'circuitBreaker'])
    destination.check((own, path, report) => checkAttached(own, path, { report, unknownFields: 'refused' }))
    const name = destination.text('name', NAME, 'a name in lower case', 'required')
    if (name !== undefined && names.has(name)) destination.problem('name', `"${name}" is there twice`)
    if (name !== undefined) names.add(name)
    destination.oneOf('protocol', PROTOCOLS, 'optional')
    for (const endpoint of destination.list('endpoints')) {
      endpoint.hasOnly(['address', 'identity', 'weight'])
      endpoint.text('address', ADDRESS, 'an address like 10.0.0.7:8080', 'required')
      endpoint.text('identity', SPIFFE_ID, 'like spiffe://heddle.local/ns/shop/sa/web', 'optional')
      endpoint.integer('weight', 1)
    }
  }
  return names
}

function checkListeners(root: Checker, names: ReadonlySet<string>): void {
  for (const listener of root.list('listeners')) {
    listener.text('address', ADDRESS, 'an address like 127.0.0.1:8080', 'required')
    const kind = listener.oneOf('kind', ['outbound', 'inbound'], 'required')
    if (kind === 'outbound') {
      listener.hasOnly(['kind', 'address', 'destination'])
      const name = listener.text('destination', ANY, 'the name of a destination', 'required')
      if (name !== undefined && !names.has(name)) listener.problem('destination', `there is no destination "${name}"`)
    }
    if (kind === 'inbound') {
      listener.hasOnly(['kind', 'address', 'app', 'protocol', 'plain'])
      listener.text('app', ADDRESS, 'an address like 127.0.0.1:8080', 'required')
      listener.oneOf('protocol', PROTOCOLS, 'optional')
      listener.oneOf('plain', ['permit', 'refuse'], 'optional')
    }
  }
}

function checkIdentity(root: Checker): void {
  const identity = root.part('identity')
  if (identity === undefined) return
  identity.hasOnly(['id', 'certificateFile', 'keyFile', 'trustBundleFile'])
  identity.text('id', SPIFFE_ID, 'like spiffe://heddle.local/ns/shop/sa/web', 'required')
  for (const field of ['certificateFile', 'keyFile', 'trustBundleFile']) {
    identity.text(field, ANY, 'a path', 'required')
  }
}

function checkLimits(root: Checker): void {
  const limits = root.part('limits')
  for (const name of limits?.fields ?? []) limits?.integer(name, 1)
}

type Need = 'required' | 'optional'

/** One object of the file, with the path that leads to it. */
class Checker {
  readonly #value: Readonly<Record<string, unknown>>
  readonly #path: string
  readonly #problems: string[]

  constructor(value: unknown, path: string, problems: string[]) {
    this.#path = path
    this.#problems = problems
    this.#value = isMap(value) ? value : {}
    if (!isMap(value)) problems.push(`${path === '' ? 'the file' : path}: expected an object`)
  }

  get fields(): readonly string[] {
    return Object.keys(this.#value)
  }

  hasOnly(names: readonly string[]): void {
    for (const name of this.fields) {
      if (!names.includes(name)) this.problem(name, `unknown field; known are ${names.join(', ')}`)
    }
  }

  text(
    name: string,
    pattern: RegExp,
    ...[expected, need]: readonly [expected: string, need: Need]
  ): string | undefined {
    const value = this.#value[name]
    if (value === undefined && need === 'optional') return undefined
    if (typeof value === 'string' && pattern.test(value)) return value
    this.problem(name, value === undefined ? `is missing; expected ${expected}` : `expected ${expected}`)
    return undefined
  }

  oneOf(name: string, choices: readonly string[], need: Need): string | undefined {
    const value = this.#value[name]
    if (value === undefined && need === 'optional') return undefined
    const found = choices.find((choice) => choice === value)
    if (found === undefined) this.problem(name, `expected one of ${choices.join(', ')}`)
    return found
  }

  integer(name: string, min: number): void {
    const value = this.#value[name]
    if (value === undefined || (Number.isInteger(value) && (value as number) >= min)) return
    this.problem(name, `expected a whole number from ${min}`)
  }

  part(name: string): Checker | undefined {
    const value = this.#value[name]
    return value === undefined ? undefined : new Checker(value, this.#pathOf(name), this.#problems)
  }

  list(name: string): readonly Checker[] {
    const value = this.#value[name]
    if (Array.isArray(value))
      return value.map((item, i) => new Checker(item, `${this.#pathOf(name)}[${i}]`, this.#problems))
    this.problem(name, value === undefined ? 'is missing; expected a list' : 'expected a list')
    return []
  }

  /** Lets another one look at the whole object. */
  check(look: (value: object, path: string, report: (path: string, text: string) => void) => void): void {
    look(this.#value, this.#path, (path, text) => this.#problems.push(`${path}: ${text}`))
  }

  problem(name: string, text: string): void {
    this.#problems.push(`${this.#pathOf(name)}: ${text}`)
  }

  #pathOf(name: string): string {
    return this.#path === '' ? name : `${this.#path}.${name}`
  }
}
