import { parseDurationMs } from '@heddle/base/duration'
import type { Path } from '../../manifest/finding.ts'
import type { ValueMatch } from '../http-route.ts'
import type { Policy } from '../mesh-object.ts'
import type { Route } from '../route.ts'
import type { HeaderModifier, PathModifier } from '../route-filters.ts'
import { PatternJudge } from './pattern-judge.ts'
import { filtersOf, type PlacedFilter, rulesOf } from './route-backends.ts'

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
  const found = [
    ...filtersOf(route).flatMap(inFilter),
    ...inPatterns(patternsOf(route)),
    ...durationsOf(route).flatMap(inDuration),
  ]
  known.set(route, found)
  return found
}

const knownOfPolicies = new WeakMap<Policy, readonly Unsupported[]>()

/** The same of a policy. */
export function findUnsupportedInPolicy(policy: Policy): readonly Unsupported[] {
  if (policy.kind !== 'FaultPolicy') return []
  const before = knownOfPolicies.get(policy)
  if (before !== undefined) return before
  const patterns = policy.spec.faults.flatMap(({ headers }, i) =>
    valuePatterns(headers, ['spec', 'faults', i, 'headers']),
  )
  const found = inPatterns(patterns)
  knownOfPolicies.set(policy, found)
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
    case 'RequestRedirect':
      return inPath(filter.requestRedirect.path, [...path, 'requestRedirect', 'path'])
    case 'URLRewrite':
      return inPath(filter.urlRewrite.path, [...path, 'urlRewrite', 'path'])
    case 'CORS':
    case 'RequestMirror':
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

/** RFC 9110 §5.6.2. */
const TOKEN = /^[A-Za-z0-9!#$%&'*+\-.^_`|~]+$/

function inModifier(modifier: HeaderModifier, path: Path): Unsupported[] {
  const names = [
    ...modifier.set.map(({ name }, i) => ({ name, path: [...path, 'set', i, 'name'] })),
    ...modifier.add.map(({ name }, i) => ({ name, path: [...path, 'add', i, 'name'] })),
    ...modifier.remove.map((name, i) => ({ name, path: [...path, 'remove', i] })),
  ]
  return names.flatMap((one) => {
    if (!TOKEN.test(one.name)) {
      return {
        path: one.path,
        reason: `${JSON.stringify(one.name)} is not the name of a header`,
        remedy: 'leave it out',
      }
    }
    if (!FRAMING_FIELDS.has(one.name.toLowerCase())) return []
    const remedy = one.name.toLowerCase() === 'host' ? 'use urlRewrite.hostname' : 'leave it out'
    return { path: one.path, reason: `${one.name} is not for a route to change`, remedy }
  })
}

/** What a request target may have (RFC 3986): nothing that could end a line or a field. */
const PATH = /^[\x21\x22\x24-\x7e]*$/

function inPath(modifier: PathModifier | undefined, path: Path): Unsupported[] {
  if (modifier === undefined) return []
  const field = modifier.type === 'ReplaceFullPath' ? 'replaceFullPath' : 'replacePrefixMatch'
  const value = modifier.type === 'ReplaceFullPath' ? modifier.replaceFullPath : modifier.replacePrefixMatch
  if (PATH.test(value)) return []
  const reason = 'has characters that no path has'
  return [{ path: [...path, field], reason, remedy: 'write spaces, "#" and what is not ASCII as %XX' }]
}

/** More does not fit where proxies are told of it: 2^32 ms. */
const MOST_HOURS = 1193

function durationsOf(route: Route): readonly { readonly text: string; readonly path: Path }[] {
  return rulesOf(route).flatMap(({ timeouts, retry, sessionPersistence }, i) => {
    const groups = {
      timeouts: { request: timeouts?.request, backendRequest: timeouts?.backendRequest },
      retry: { backoff: retry?.backoff },
      sessionPersistence: {
        absoluteTimeout: sessionPersistence?.absoluteTimeout,
        idleTimeout: sessionPersistence?.idleTimeout,
      },
    }
    return Object.entries(groups).flatMap(([group, fields]) =>
      Object.entries(fields).flatMap(([field, text]) =>
        text === undefined ? [] : { text, path: ['spec', 'rules', i, group, field] },
      ),
    )
  })
}

function inDuration({ text, path }: { readonly text: string; readonly path: Path }): Unsupported[] {
  if ((parseDurationMs(text) ?? 0) <= MOST_HOURS * 3_600_000) return []
  return [{ path, reason: `${text} is longer than ${MOST_HOURS}h`, remedy: 'leave it out for no limit' }]
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

function inPatterns(patterns: readonly PlacedPattern[]): Unsupported[] {
  const judge = new PatternJudge()
  return patterns.flatMap(({ pattern, path }) => {
    const fault = judge.findFault(pattern)
    if (fault === undefined) return []
    const remedy = 'see https://github.com/google/re2/wiki/Syntax; there are no look-arounds and back-references'
    return [{ path, reason: `is no regular expression of RE2: ${fault}`, remedy }]
  })
}
