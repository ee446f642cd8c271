import { parseDurationMs } from '@heddle/base/duration'
import { HTTP_METHODS } from './cors-schema.ts'
import { duration, headerName, headerValue, kindSchema, level, namedValues } from './gateway-schema.ts'
import { httpFilters } from './route-filters-schema.ts'
import { backendRef, hostnames, parentRefs, ruleName, rulesRules, useDefaultGateways } from './route-refs-schema.ts'
import type { Rule, Schema } from './schema.ts'
import { sessionPersistence } from './session-persistence-schema.ts'

interface RawPath {
  readonly type: string
  readonly value: string
}

/** What a path to compare with may not hold: the proxy compares paths with such parts resolved, so it would never match. */
const FORBIDDEN_IN_PATH: readonly { readonly message: string; readonly holds: (path: string) => boolean }[] = [
  { message: 'must start with "/"', holds: (path) => path.startsWith('/') },
  {
    message: 'must not have "//", "/./" or "/../"',
    holds: (path) => !['//', '/./', '/../'].some((part) => path.includes(part)),
  },
  { message: 'must not have "%2f" or "#"', holds: (path) => !/%2f|#/i.test(path) },
  { message: 'must not end with "/." or "/.."', holds: (path) => !/\/\.\.?$/.test(path) },
  {
    message: 'must have characters of a path only, others as %XX',
    holds: (path) => /^(?:[-A-Za-z0-9/._~!$&'()*+,;=:@#]|%[0-9a-fA-F]{2})+$/.test(path),
  },
]

const pathRules: readonly Rule[] = FORBIDDEN_IN_PATH.map(({ message, holds }) => ({
  fieldPath: '.value',
  message: `a path of type Exact or PathPrefix ${message}`,
  holds: ({ type, value }: RawPath) => type === 'RegularExpression' || holds(value),
}))

const path: Schema = level('core', 'What the path has to be.', {
  type: 'object',
  default: { type: 'PathPrefix', value: '/' },
  properties: {
    type: level('core', '`PathPrefix` goes by whole segments. `RegularExpression`: RE2, on the whole path.', {
      type: 'string',
      enum: ['Exact', 'PathPrefix', 'RegularExpression'],
      default: 'PathPrefix',
    }),
    value: level('core', 'Path without query.', { type: 'string', maxLength: 1024, default: '/' }),
  },
  'x-kubernetes-validations': pathRules,
})

const matchType = level('core', '`RegularExpression`: RE2, on the whole value.', {
  type: 'string',
  enum: ['Exact', 'RegularExpression'],
  default: 'Exact',
} satisfies Schema)

/** Matches of headers; of two that differ in case only the first one counts, which a warning says. */
export function headerMatches(value: Schema): Schema {
  const properties = {
    type: matchType,
    name: level('core', 'Name of the header, in any case.', headerName),
    value: level('core', 'Its value.', value),
  }
  return level('core', 'Headers that the request has to have.', namedValues(properties))
}

const queryParam = {
  type: { ...matchType, 'x-heddle-level': 'extended' },
  name: level('extended', 'Name of the parameter.', {
    ...headerName,
    'x-heddle-expected': 'the name of a query parameter, at most 256 characters',
  }),
  value: level('extended', 'Its value.', {
    type: 'string',
    minLength: 1,
    maxLength: 1024,
    'x-heddle-expected': 'text of 1 to 1024 characters',
  }),
} satisfies Readonly<Record<string, Schema>>

const match: Schema = {
  type: 'object',
  properties: {
    path,
    headers: headerMatches(headerValue),
    queryParams: level('extended', 'Parameters that the query has to have.', namedValues(queryParam)),
    method: level('extended', 'Method that the request has to have.', { type: 'string', enum: HTTP_METHODS }),
  },
}

interface RawTimeouts {
  readonly request?: string
  readonly backendRequest?: string
}

/** Also those of TrafficPolicy. */
export const timeoutsRule: Rule = {
  rule: "!(has(self.request) && has(self.backendRequest) && duration(self.request) != duration('0s') && duration(self.backendRequest) > duration(self.request))",
  fieldPath: '.backendRequest',
  message: 'is longer than request, which would always end first',
  holds: ({ request, backendRequest }: RawTimeouts) => {
    const [wholeMs, tryMs] = [request, backendRequest].map((one) => (one === undefined ? 0 : parseDurationMs(one)))
    return wholeMs === undefined || tryMs === undefined || wholeMs === 0 || tryMs <= wholeMs
  },
}

const timeouts: Schema = level('extended', 'How long things may take; `0s`: no limit.', {
  type: 'object',
  properties: {
    request: level('extended', 'From the request to the end of its answer, with all tries.', duration),
    backendRequest: level('extended', 'One try.', duration),
  },
  'x-kubernetes-validations': [timeoutsRule],
})

const retry: Schema = level('experimental', 'Which requests are tried again (GEP-1731). More in TrafficPolicy.', {
  type: 'object',
  properties: {
    codes: level('experimental', 'Statuses after which there is another try.', {
      type: 'array',
      'x-heddle-unique': [[]],
      items: { type: 'integer', minimum: 400, maximum: 599 },
    }),
    attempts: level('experimental', 'Tries beyond the first; `0`: none.', {
      type: 'integer',
      minimum: 0,
      maximum: 100,
      'x-heddle-expected': 'a whole number from 0 to 100',
    }),
    backoff: level('experimental', 'Wait before the first further try.', duration),
  },
})

interface RawFilter {
  readonly requestRedirect?: { readonly path?: { readonly type: string } }
  readonly urlRewrite?: { readonly path?: { readonly type: string } }
}

interface RawRule {
  readonly matches?: readonly { readonly path?: RawPath }[]
  readonly filters?: readonly RawFilter[]
  readonly backendRefs?: readonly { readonly filters?: readonly RawFilter[] }[]
}

const replacesPrefix = ({ requestRedirect, urlRewrite }: RawFilter) =>
  [requestRedirect, urlRewrite].some((one) => one?.path?.type === 'ReplacePrefixMatch')

const hasOnePrefix = ({ matches = [] }: RawRule) => matches.length === 1 && matches[0]!.path?.type === 'PathPrefix'

const ruleRules: readonly Rule[] = [
  {
    fieldPath: '.backendRefs',
    message: 'a rule that redirects sends nothing to a backend: remove them, or the RequestRedirect',
    holds: ({ filters = [], backendRefs = [] }: RawRule) =>
      backendRefs.length === 0 || filters.every(({ requestRedirect }) => requestRedirect === undefined),
  },
  {
    fieldPath: '.matches',
    message: 'a rule with replacePrefixMatch has exactly one match, and that is a PathPrefix',
    holds: (self: RawRule) => !(self.filters ?? []).some(replacesPrefix) || hasOnePrefix(self),
  },
  {
    fieldPath: '.matches',
    message: 'a rule with replacePrefixMatch at a backend has exactly one match, and that is a PathPrefix',
    holds: (self: RawRule) =>
      !(self.backendRefs ?? []).some(({ filters = [] }) => filters.some(replacesPrefix)) || hasOnePrefix(self),
  },
]

const ANY_PATH = [{ path: { type: 'PathPrefix', value: '/' } }]

const rule: Schema = {
  type: 'object',
  properties: {
    name: ruleName,
    matches: level('core', 'Any of these has to hold, and of each all that it says.', {
      type: 'array',
      maxItems: 64,
      default: ANY_PATH,
      items: match,
    }),
    filters: httpFilters('core', 'What is done with the requests.'),
    backendRefs: level('core', 'Where the requests go; with none they are answered with 500.', {
      type: 'array',
      maxItems: 16,
      items: backendRef({ filters: httpFilters('extended', 'What is done with the requests of this backend.') }),
    }),
    timeouts,
    retry,
    sessionPersistence,
  },
  'x-kubernetes-validations': ruleRules,
}

/** `gateway.networking.k8s.io/v1` HTTPRoute. */
export const httpRouteSchema: Schema = kindSchema({
  apiVersion: 'gateway.networking.k8s.io/v1',
  kind: 'HTTPRoute',
  description: 'Where the HTTP requests for a Service go, and what is done with them.',
  age: 'counts',
  spec: level('core', 'What it is attached to, and its rules.', {
    type: 'object',
    properties: {
      parentRefs,
      useDefaultGateways,
      hostnames,
      rules: level('core', 'The most specific match of all rules of all routes wins.', {
        type: 'array',
        minItems: 1,
        maxItems: 16,
        default: [{ matches: ANY_PATH }],
        items: rule,
        'x-heddle-unique': [['name']],
        'x-kubernetes-validations': rulesRules(128),
      }),
    },
  }),
})
