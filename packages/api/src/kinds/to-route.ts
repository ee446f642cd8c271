import type { GrpcBackendRef, GrpcMethodMatch, GrpcRoute, GrpcRouteRule } from './grpc-route.ts'
import type { HttpBackendRef, HttpRoute, HttpRouteMatch, HttpRouteRule, ValueMatch } from './http-route.ts'
import type { ReferenceGrant, ReferenceGrantSpec } from './reference-grant.ts'
import type { BackendRef, ParentRef } from './route-refs.ts'
import type { StreamRouteRule, TcpRoute, TlsRoute } from './stream-route.ts'
import { type RawFilter, toFilter, toGrpcFilter } from './to-filter.ts'
import { type RawMeta, toMeta } from './to-meta.ts'
import { type RawSession, toSession } from './to-session.ts'

const API_VERSION = 'gateway.networking.k8s.io/v1'

/** A rule of any kind, with the fields that it may have. */
interface RawRule<Match> {
  readonly name?: string
  readonly matches?: readonly Match[]
  readonly filters?: readonly RawFilter[]
  readonly backendRefs?: readonly RawBackend[]
  readonly timeouts?: HttpRouteRule['timeouts']
  readonly retry?: Partial<NonNullable<HttpRouteRule['retry']>>
  readonly sessionPersistence?: RawSession
}

type RawParent = Omit<ParentRef, 'namespace'> & { readonly namespace?: string }
type RawBackend = Omit<BackendRef, 'namespace'> & {
  readonly namespace?: string
  readonly filters?: readonly RawFilter[]
}

interface RawRoute<Rule> {
  readonly metadata: RawMeta
  readonly spec: {
    readonly parentRefs?: readonly RawParent[]
    readonly hostnames?: readonly string[]
    readonly rules?: readonly Rule[]
  }
}

type RawHttpMatch = Pick<HttpRouteMatch, 'path' | 'method'> & Partial<HttpRouteMatch>

/** @param valid - a manifest that its schema holds good, defaults filled in; references get the namespace of the route where they name none */
export function toHttpRoute(valid: object): HttpRoute {
  const raw = valid as RawRoute<RawRule<RawHttpMatch>>
  const metadata = toMeta(raw.metadata)
  const { hostnames = [], rules = [] } = raw.spec
  const toRule = (rule: RawRule<RawHttpMatch>, i: number): HttpRouteRule => {
    const { name, matches = [], timeouts = {}, retry, sessionPersistence: session } = rule
    return {
      ...(name !== undefined && { name }),
      matches: (matches.length === 0 ? [ANY_PATH] : matches).map(toHttpMatch),
      filters: (rule.filters ?? []).map((filter) => toFilter(filter, metadata.namespace)),
      backendRefs: (rule.backendRefs ?? []).map((ref): HttpBackendRef => {
        const { filters = [], ...backend } = ref
        const own = filters.map((filter) => toFilter(filter, metadata.namespace))
        return { namespace: metadata.namespace, ...backend, filters: own }
      }),
      timeouts,
      ...(retry !== undefined && { retry: { ...retry, codes: retry.codes ?? [] } }),
      ...(session !== undefined && { sessionPersistence: toSession(session, sessionKey(metadata, name ?? i)) }),
    }
  }
  return {
    apiVersion: API_VERSION,
    kind: 'HTTPRoute',
    metadata,
    spec: { parentRefs: toParents(raw, metadata.namespace), hostnames, rules: rules.map(toRule) },
  }
}

const ANY_PATH: RawHttpMatch = { path: { type: 'PathPrefix', value: '/' } }

function toHttpMatch({ path, headers = [], queryParams = [], method }: RawHttpMatch): HttpRouteMatch {
  return { path, headers: firstOfEachName(headers), queryParams, ...(method !== undefined && { method }) }
}

/** Of headers whose names differ in case only the first one counts (Gateway API, HTTPHeaderMatch.name). */
export function firstOfEachName<T extends Pick<ValueMatch, 'name'>>(values: readonly T[]): readonly T[] {
  const seen = new Set<string>()
  return values.filter(({ name }) => {
    const key = name.toLowerCase()
    if (seen.has(key)) return false
    seen.add(key)
    return true
  })
}

interface RawGrpcMatch {
  readonly method?: GrpcMethodMatch
  readonly headers?: readonly ValueMatch[]
}

/** @param valid - as of {@link toHttpRoute} */
export function toGrpcRoute(valid: object): GrpcRoute {
  const raw = valid as RawRoute<RawRule<RawGrpcMatch>>
  const metadata = toMeta(raw.metadata)
  const { hostnames = [], rules = [] } = raw.spec
  const toRule = (rule: RawRule<RawGrpcMatch>, i: number): GrpcRouteRule => {
    const { name, matches = [], sessionPersistence: session } = rule
    return {
      ...(name !== undefined && { name }),
      matches: matches.map(({ method, headers = [] }) => ({
        ...(method !== undefined && { method }),
        headers: firstOfEachName(headers),
      })),
      filters: (rule.filters ?? []).map((filter) => toGrpcFilter(filter, metadata.namespace)),
      backendRefs: (rule.backendRefs ?? []).map((ref): GrpcBackendRef => {
        const { filters = [], ...backend } = ref
        const own = filters.map((filter) => toGrpcFilter(filter, metadata.namespace))
        return { namespace: metadata.namespace, ...backend, filters: own }
      }),
      ...(session !== undefined && { sessionPersistence: toSession(session, sessionKey(metadata, name ?? i)) }),
    }
  }
  return {
    apiVersion: API_VERSION,
    kind: 'GRPCRoute',
    metadata,
    spec: { parentRefs: toParents(raw, metadata.namespace), hostnames, rules: rules.map(toRule) },
  }
}

/** @param valid - as of {@link toHttpRoute} */
export function toTlsRoute(valid: object): TlsRoute {
  const raw = valid as RawRoute<RawRule<never>>
  const metadata = toMeta(raw.metadata)
  const spec = { ...toStreamSpec(raw, metadata.namespace), hostnames: raw.spec.hostnames ?? [] }
  return { apiVersion: API_VERSION, kind: 'TLSRoute', metadata, spec }
}

/** @param valid - as of {@link toHttpRoute} */
export function toTcpRoute(valid: object): TcpRoute {
  const raw = valid as RawRoute<RawRule<never>>
  const metadata = toMeta(raw.metadata)
  return { apiVersion: API_VERSION, kind: 'TCPRoute', metadata, spec: toStreamSpec(raw, metadata.namespace) }
}

function toStreamSpec(raw: RawRoute<RawRule<never>>, namespace: string): TcpRoute['spec'] {
  const rules = (raw.spec.rules ?? []).map(({ name, backendRefs = [] }): StreamRouteRule => {
    return { ...(name !== undefined && { name }), backendRefs: backendRefs.map((ref) => ({ namespace, ...ref })) }
  })
  return { parentRefs: toParents(raw, namespace), rules }
}

function toParents({ spec }: RawRoute<unknown>, namespace: string): readonly ParentRef[] {
  return (spec.parentRefs ?? []).map((ref) => ({ namespace, ...ref }))
}

function sessionKey({ namespace, name }: { readonly namespace: string; readonly name: string }, rule: string | number) {
  return `${namespace}/${name}/${rule}`
}

/** @param valid - a manifest that its schema holds good, defaults filled in */
export function toReferenceGrant(valid: object): ReferenceGrant {
  const { metadata, spec } = valid as { readonly metadata: RawMeta; readonly spec: ReferenceGrantSpec }
  return {
    apiVersion: API_VERSION,
    kind: 'ReferenceGrant',
    metadata: toMeta(metadata),
    spec: { from: spec.from, to: spec.to },
  }
}
