import { cors } from './cors-schema.ts'
import {
  group,
  headerName,
  headerValue,
  kindName,
  level,
  namedValues,
  objectName,
  preciseHostname,
  unionRules,
} from './gateway-schema.ts'
import { backendObjectRef } from './route-refs-schema.ts'
import { portNumber, type Rule, type Schema, type SupportLevel, text } from './schema.ts'

function headerValues(support: SupportLevel): Schema {
  return namedValues({
    name: level(support, 'Name of the header, in any case.', headerName),
    value: level(support, 'Its value.', headerValue),
  })
}

function headerModifier(of: string, support: SupportLevel): Schema {
  return level(support, `Changes headers of ${of}: \`set\`, then \`add\`, then \`remove\`.`, {
    type: 'object',
    properties: {
      set: level(support, 'Headers that replace what is there.', headerValues(support)),
      add: level(support, 'Headers that are put behind what is there.', headerValues(support)),
      remove: level(support, 'Names of headers that are taken out.', {
        type: 'array',
        maxItems: 16,
        'x-heddle-unique': [[]],
        items: text,
      }),
    },
  })
}

interface RawFraction {
  readonly numerator: number
  readonly denominator: number
}

/** A share of requests in hundredths, or as a fraction, as the Gateway API spells it. */
export function shareFields(what: string, support?: SupportLevel): Readonly<Record<string, Schema>> {
  const marked = support !== undefined && { 'x-heddle-level': support }
  return {
    percent: {
      type: 'integer',
      format: 'int32',
      minimum: 0,
      maximum: 100,
      description: `${what}, in hundredths; all when neither this nor \`fraction\` is there.`,
      ...marked,
    },
    fraction: {
      type: 'object',
      description: `${what}, as a fraction.`,
      ...marked,
      required: ['numerator'],
      properties: {
        numerator: { type: 'integer', format: 'int32', minimum: 0, description: 'At most the denominator.', ...marked },
        denominator: {
          type: 'integer',
          format: 'int32',
          minimum: 1,
          default: 100,
          description: 'Of how many.',
          ...marked,
        },
      },
      'x-kubernetes-validations': [
        {
          rule: 'self.numerator <= self.denominator',
          fieldPath: '.numerator',
          message: 'is more than the denominator',
          holds: (self: RawFraction) => self.numerator <= self.denominator,
        },
      ],
    },
  }
}

export const oneShare: Rule = {
  rule: '!(has(self.percent) && has(self.fraction))',
  message: 'expected percent or fraction, not both',
  holds: (self: { readonly percent?: number; readonly fraction?: unknown }) =>
    self.percent === undefined || self.fraction === undefined,
}

const requestMirror: Schema = level(
  'extended',
  'Sends a copy of the requests to another Service as well; what that answers is thrown away.',
  {
    type: 'object',
    required: ['backendRef'],
    properties: {
      backendRef: level('extended', 'Where the copies go.', backendObjectRef),
      ...shareFields('Share of the requests that is copied', 'extended'),
    },
    'x-kubernetes-validations': [oneShare],
  },
)

const pathModifier: Schema = {
  type: 'object',
  required: ['type'],
  properties: {
    type: level('extended', 'What is replaced.', { type: 'string', enum: ['ReplaceFullPath', 'ReplacePrefixMatch'] }),
    replaceFullPath: level('extended', 'The new path; the query stays.', { type: 'string', maxLength: 1024 }),
    replacePrefixMatch: level(
      'extended',
      'In place of the prefix that matched, by whole segments; the rule has exactly one match then, a `PathPrefix`.',
      { type: 'string', maxLength: 1024 },
    ),
  },
  'x-kubernetes-validations': unionRules({
    ReplaceFullPath: 'replaceFullPath',
    ReplacePrefixMatch: 'replacePrefixMatch',
  }),
}

const requestRedirect: Schema = level('core', 'Answers with a redirect; excludes `backendRefs`.', {
  type: 'object',
  properties: {
    scheme: level('extended', "The request's own when absent.", { type: 'string', enum: ['http', 'https'] }),
    hostname: level('core', "The request's own when absent.", preciseHostname),
    path: level('extended', "The request's own when absent.", pathModifier),
    port: level(
      'extended',
      "The scheme's own when absent and `scheme` is there, else that of the request.",
      portNumber(''),
    ),
    statusCode: level('core', 'Status of the answer.', {
      type: 'integer',
      enum: [301, 302, 303, 307, 308],
      default: 302,
    }),
  },
})

const urlRewrite: Schema = level('extended', 'Changes host and path on the way to the backend.', {
  type: 'object',
  properties: {
    hostname: level('extended', 'Host that the backend sees.', preciseHostname),
    path: level('extended', 'Path that the backend sees.', pathModifier),
  },
})

const extensionRef: Schema = level('refused', 'There are no filters of others.', {
  type: 'object',
  required: ['group', 'kind', 'name'],
  properties: {
    group: { ...group, description: 'Group of the filter.' },
    kind: { ...kindName, description: 'Kind of the filter.' },
    name: { ...objectName, description: 'Name of the filter.' },
  },
})

const externalAuth: Schema = level('refused', 'There is no such filter yet.', {
  type: 'object',
  'x-kubernetes-preserve-unknown-fields': true,
})

/** Field of the filter of each type. */
const GRPC_TYPES = {
  RequestHeaderModifier: 'requestHeaderModifier',
  ResponseHeaderModifier: 'responseHeaderModifier',
  RequestMirror: 'requestMirror',
  ExtensionRef: 'extensionRef',
} as const

const HTTP_TYPES = {
  ...GRPC_TYPES,
  RequestRedirect: 'requestRedirect',
  URLRewrite: 'urlRewrite',
  CORS: 'cors',
  ExternalAuth: 'externalAuth',
} as const

const sharedFields: Readonly<Record<string, Schema>> = {
  requestHeaderModifier: headerModifier('the request', 'core'),
  responseHeaderModifier: headerModifier('the answer', 'extended'),
  requestMirror,
  extensionRef,
}

interface RawFilter {
  readonly type: string
}

function onlyOnce(type: string): Rule {
  return {
    message: `there may be one filter of type ${type}`,
    holds: (self: readonly RawFilter[]) => self.filter((filter) => filter.type === type).length <= 1,
  }
}

function filters(
  description: string,
  types: Readonly<Record<string, string>>,
  fields: Readonly<Record<string, Schema>>,
) {
  return {
    description,
    type: 'array' as const,
    maxItems: 16,
    items: {
      type: 'object' as const,
      required: ['type'],
      properties: {
        type: level('core', 'Which of the fields below it has.', { type: 'string', enum: Object.keys(types) }),
        ...fields,
      },
      'x-kubernetes-validations': unionRules(types),
    },
  }
}

/** Filters of HTTPRoute. */
export function httpFilters(support: SupportLevel, description: string): Schema {
  const fields = { ...sharedFields, requestRedirect, urlRewrite, cors, externalAuth }
  return {
    ...filters(description, HTTP_TYPES, fields),
    'x-heddle-level': support,
    'x-kubernetes-validations': [
      {
        message: 'there may be a RequestRedirect or a URLRewrite, not both',
        holds: (self: readonly RawFilter[]) => new Set(self.map(({ type }) => type).filter(isWayChange)).size <= 1,
      },
      ...['CORS', 'RequestHeaderModifier', 'ResponseHeaderModifier', 'RequestRedirect', 'URLRewrite'].map(onlyOnce),
    ],
  }
}

function isWayChange(type: string): boolean {
  return type === 'RequestRedirect' || type === 'URLRewrite'
}

/** Filters of GRPCRoute. */
export function grpcFilters(support: SupportLevel, description: string): Schema {
  return {
    ...filters(description, GRPC_TYPES, sharedFields),
    'x-heddle-level': support,
    'x-kubernetes-validations': ['RequestHeaderModifier', 'ResponseHeaderModifier'].map(onlyOnce),
  }
}
