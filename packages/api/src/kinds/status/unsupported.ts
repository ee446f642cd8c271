import type { Path } from '../../manifest/finding.ts'
import type { ValueMatch } from '../http-route.ts'
import type { Route } from '../route.ts'
import type { HeaderModifier } from '../route-filters.ts'
import { findPatternFault } from './regular-expression.ts'
import { filtersOf, type PlacedFilter } from './route-backends.ts'

/** Something that the Gateway API allows and the mesh cannot do: the route is not accepted. */
export interface Unsupported {
  readonly path: Path
  readonly reason: string
  readonly remedy: string
}

const known = new WeakMap<Route, readonly Unsupported[]>()

/** All that keeps a route from being in force whatever else there is. Kept by object: compiling is what takes time. */
export function findUnsupported(route: Route): readonly Unsupported[] {
  const before = known.get(route)
  if (before !== undefined) return before
  const found = [...filtersOf(route).flatMap(inFilter), ...patternsOf(route).flatMap(inPattern)]
  known.set(route, found)
  return found
}

function inFilter({ filter, path }: PlacedFilter): Unsupported[] {
  switch (filter.type) {
    case 'ExtensionRef':
      return [
        {
          path: [...path, 'extensionRef'],
          reason: 'there are no filters by extensionRef',
          remedy: 'use a filter of the Gateway API, or a policy of heddle.dev',
        },
      ]
    case 'ExternalAuth':
      return [
        { path: [...path, 'type'], reason: 'there is no filter ExternalAuth yet', remedy: 'let the backend decide' },
      ]
    case 'RequestHeaderModifier':
      return inModifier(filter.requestHeaderModifier, [...path, 'requestHeaderModifier'])
    case 'ResponseHeaderModifier':
      return inModifier(filter.responseHeaderModifier, [...path, 'responseHeaderModifier'])
    case 'CORS':
    case 'RequestMirror':
    case 'RequestRedirect':
    case 'URLRewrite':
      return []
  }
}

/** Fields that say where a message ends or where it goes: changed, two ends would read it differently (RFC 9110 §7.6.1). */
const FRAMING_FIELDS: ReadonlySet<string> = new Set([
  'connection',
  'content-length',
  'host',
  'keep-alive',
  'proxy-connection',
  'te',
  'trailer',
  'transfer-encoding',
  'upgrade',
])

function inModifier(modifier: HeaderModifier, path: Path): Unsupported[] {
  const names = [
    ...modifier.set.map(({ name }, i) => ({ name, path: [...path, 'set', i, 'name'] })),
    ...modifier.add.map(({ name }, i) => ({ name, path: [...path, 'add', i, 'name'] })),
    ...modifier.remove.map((name, i) => ({ name, path: [...path, 'remove', i] })),
  ]
  return names.flatMap((one) => {
    if (!FRAMING_FIELDS.has(one.name.toLowerCase())) return []
    const remedy = one.name.toLowerCase() === 'host' ? 'use urlRewrite.hostname' : 'leave it out'
    return { path: one.path, reason: `${one.name} is not for a route to change`, remedy }
  })
}

interface PlacedPattern {
  readonly pattern: string
  readonly path: Path
}

function patternsOf(route: Route): readonly PlacedPattern[] {
  if (route.kind === 'HTTPRoute') {
    return route.spec.rules.flatMap(({ matches }, i) =>
      matches.flatMap(({ path, headers, queryParams }, j) => {
        const at: Path = ['spec', 'rules', i, 'matches', j]
        const own = path.type === 'RegularExpression' ? [{ pattern: path.value, path: [...at, 'path', 'value'] }] : []
        return [
          ...own,
          ...valuePatterns(headers, [...at, 'headers']),
          ...valuePatterns(queryParams, [...at, 'queryParams']),
        ]
      }),
    )
  }
  if (route.kind !== 'GRPCRoute') return []
  return route.spec.rules.flatMap(({ matches }, i) =>
    matches.flatMap(({ method, headers }, j) => {
      const at: Path = ['spec', 'rules', i, 'matches', j]
      const own = (['service', 'method'] as const).flatMap((field) => {
        const pattern = method?.type === 'RegularExpression' ? method[field] : undefined
        return pattern === undefined ? [] : { pattern, path: [...at, 'method', field] }
      })
      return [...own, ...valuePatterns(headers, [...at, 'headers'])]
    }),
  )
}

function valuePatterns(matches: readonly ValueMatch[], path: Path): PlacedPattern[] {
  return matches.flatMap(({ type, value }, i) =>
    type === 'RegularExpression' ? [{ pattern: value, path: [...path, i, 'value'] }] : [],
  )
}

function inPattern({ pattern, path }: PlacedPattern): Unsupported[] {
  const fault = findPatternFault(pattern)
  if (fault === undefined) return []
  const remedy = 'see https://github.com/google/re2/wiki/Syntax; there are no look-arounds and back-references'
  return [{ path, reason: `is no regular expression of RE2: ${fault}`, remedy }]
}
