import type { GrpcRoute } from '../kinds/grpc-route.ts'
import type { HttpRoute, ValueMatch } from '../kinds/http-route.ts'
import type { Route } from '../kinds/route.ts'
import { isServiceRef, type ParentRef } from '../kinds/route-refs.ts'
import { compareAge } from '../kinds/status/age.ts'
import { parentPorts } from '../kinds/status/parent-ports.ts'
import { findUnsupported } from '../kinds/status/unsupported.ts'
import { type Finding, type Path, warningAt } from './finding.ts'
import { type ManifestEntry, type ManifestSet, placeOf, titleOf } from './manifest-set.ts'
import type { Problem } from './problem.ts'

interface Claim {
  readonly entry: ManifestEntry<Route>
  /** Within the route. */
  readonly rule: number
}

/**
 * Warns of matches that never win, because a route or rule that goes first has the very same one at the same port: of equal
 * matches the older route counts, then the earlier rule. One walk: claims are compared by key.
 */
export function checkOverlaps(set: ManifestSet): Problem[] {
  const claims = new Map<string, Claim>()
  const inOrder = set.routes.toSorted((a, b) => compareAge(a.object.metadata, b.object.metadata))
  return inOrder.flatMap((entry) => {
    const { object, raw } = entry
    if (findUnsupported(object).length > 0) return []
    const places = object.spec.parentRefs.flatMap((ref) => placesOf(object, ref, set))
    return matchesOf(object)
      .flatMap((match) => findLoser(entry, { ...match, places }, claims))
      .map((finding) => raw.problem(finding))
  })
}

interface Match {
  /** The same for all matches that fit the same requests, of one kind of routes. */
  readonly key: string
  readonly rule: number
  readonly path: Path
}

/** Takes the places where nobody was before. @returns a finding when there was none */
function findLoser(
  entry: ManifestEntry<Route>,
  { key, rule, path, places }: Match & { readonly places: readonly string[] },
  claims: Map<string, Claim>,
): Finding[] {
  const firsts = places.map((place) => claims.get(`${place} ${key}`))
  for (const [i, place] of places.entries()) {
    if (firsts[i] === undefined) claims.set(`${place} ${key}`, { entry, rule })
  }
  const [first] = firsts
  if (first === undefined || firsts.includes(undefined)) return []
  const owner = first.entry === entry ? '' : ` of ${titleOf(first.entry.object)} at ${placeOf(first.entry)}`
  const reason = `never wins: spec.rules[${first.rule}]${owner} has the same match and goes first`
  return [warningAt(path, reason, 'remove one of them, or let one match more closely')]
}

/** Ports that a route is attached to, as each sort of clients sees them: those of the route's namespace, or all. */
function placesOf({ kind, metadata }: Route, ref: ParentRef, { lookup }: ManifestSet): string[] {
  const service = isServiceRef(ref) ? lookup.service(ref.namespace, ref.name) : undefined
  if (service === undefined) return []
  return parentPorts(ref, service).map(
    ({ port }) => `${kind} ${metadata.namespace} ${ref.namespace}/${ref.name}:${port}`,
  )
}

function matchesOf(route: Route): readonly Match[] {
  switch (route.kind) {
    case 'HTTPRoute':
      return httpMatches(route)
    case 'GRPCRoute':
      return grpcMatches(route)
    case 'TLSRoute':
      return route.spec.hostnames.map((name, i) => ({ key: name, rule: 0, path: ['spec', 'hostnames', i] }))
    case 'TCPRoute':
      return [{ key: '', rule: 0, path: ['spec', 'rules', 0] }]
  }
}

function httpMatches({ spec }: HttpRoute): readonly Match[] {
  return spec.rules.flatMap(({ matches }, rule) =>
    matches.map(({ path, method = '', headers, queryParams }, i) => {
      const prefix = path.type === 'PathPrefix' && path.value !== '/' ? path.value.replace(/\/$/, '') : path.value
      const parts = [path.type, prefix, method, valueKeys(headers, true), valueKeys(queryParams, false)]
      return { key: JSON.stringify(parts), rule, path: ['spec', 'rules', rule, 'matches', i] }
    }),
  )
}

function grpcMatches({ spec }: GrpcRoute): readonly Match[] {
  return spec.rules.flatMap(({ matches }, rule) => {
    if (matches.length === 0) return { key: JSON.stringify([[], []]), rule, path: ['spec', 'rules', rule] }
    return matches.map(({ method, headers }, i) => {
      const called = method === undefined ? [] : [method.type, method.service ?? '', method.method ?? '']
      const key = JSON.stringify([called, valueKeys(headers, true)])
      return { key, rule, path: ['spec', 'rules', rule, 'matches', i] }
    })
  })
}

function valueKeys(matches: readonly ValueMatch[], isHeader: boolean): readonly string[] {
  return matches
    .map(({ type, name, value }) => JSON.stringify([isHeader ? name.toLowerCase() : name, type, value]))
    .sort()
}
