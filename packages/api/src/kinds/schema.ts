/**
 * A structural schema as a CRD carries it (OpenAPI v3, no `$ref`, no `oneOf`), with what only we read in `x-heddle-*`,
 * which is left out of the CRD. An object with `properties` is closed: other fields are errors.
 */
export interface Schema {
  readonly type?: 'object' | 'array' | 'string' | 'integer' | 'boolean'
  readonly format?: string
  readonly description?: string
  readonly default?: unknown
  readonly properties?: Readonly<Record<string, Schema>>
  readonly additionalProperties?: Schema
  readonly required?: readonly string[]
  readonly items?: Schema
  readonly enum?: readonly (string | number)[]
  readonly pattern?: string
  readonly minLength?: number
  readonly maxLength?: number
  readonly minimum?: number
  readonly maximum?: number
  readonly minItems?: number
  readonly maxItems?: number
  readonly maxProperties?: number
  readonly 'x-kubernetes-int-or-string'?: true
  readonly 'x-kubernetes-preserve-unknown-fields'?: true
  readonly 'x-kubernetes-validations'?: readonly Rule[]
  /** What a person should write here; said instead of the pattern. */
  readonly 'x-heddle-expected'?: string
  /** What the names of a map's entries must be. */
  readonly 'x-heddle-keys'?: Schema
  /** Sets of fields in which no two items may agree; a set of none: the items themselves. */
  readonly 'x-heddle-unique'?: readonly (readonly string[])[]
  readonly 'x-heddle-no-effect'?: NoEffect
  /** The value may be a secret: problems do not show it. */
  readonly 'x-heddle-sensitive'?: true
  /** How far the Gateway API binds its implementations to the field, for its page; `refused`: an error says that it is not done. */
  readonly 'x-heddle-level'?: SupportLevel
}

export type SupportLevel = 'core' | 'extended' | 'experimental' | 'refused'

/** A rule over several fields: CEL for the API server, the same as a function for everywhere else. */
export interface Rule {
  /** CEL; absent on Kubernetes' own kinds, for which the API server has rules of its own. */
  readonly rule?: string
  readonly message: string
  /** The field that it is about, within the object that carries the rule: `.ports`. */
  readonly fieldPath?: string
  /** Not called for a value of another type than the schema's. */
  readonly holds: (self: never) => boolean
}

/** A field that is legal, for the sake of clusters, but changes nothing in the mesh. */
export interface NoEffect {
  /** Completes "has no effect: ...". */
  readonly reason: string
  /** Values about which nothing need be said, because they ask for what happens anyway. */
  readonly except?: readonly unknown[]
}

const DNS_LABEL = '^[a-z0-9]([-a-z0-9]*[a-z0-9])?$'
const DNS_SUBDOMAIN = '^[a-z0-9]([-a-z0-9]*[a-z0-9])?(\\.[a-z0-9]([-a-z0-9]*[a-z0-9])?)*$'
const QUALIFIED_NAME =
  '^([a-z0-9]([-a-z0-9]*[a-z0-9])?(\\.[a-z0-9]([-a-z0-9]*[a-z0-9])?)*/)?[A-Za-z0-9]([-A-Za-z0-9_.]{0,61}[A-Za-z0-9])?$'

/** RFC 1123 label. */
export function dnsLabel(description: string, maxLength = 63): Schema {
  return {
    type: 'string',
    pattern: DNS_LABEL,
    minLength: 1,
    maxLength,
    description,
    'x-heddle-expected': `a name of lower-case letters, digits and "-", at most ${maxLength} characters, starting and ending with a letter or digit`,
  }
}

/** RFC 1123 subdomain: labels with dots between. */
export function dnsSubdomain(description: string): Schema {
  return {
    type: 'string',
    pattern: DNS_SUBDOMAIN,
    minLength: 1,
    maxLength: 253,
    description,
    'x-heddle-expected': 'a name of lower-case letters, digits, "-" and ".", at most 253 characters',
  }
}

/** A TCP port, 0 excluded: in a file a port is never to be chosen by the system. */
export function portNumber(description: string): Schema {
  return {
    type: 'integer',
    format: 'int32',
    minimum: 1,
    maximum: 65_535,
    description,
    'x-heddle-expected': 'a port from 1 to 65535',
  }
}

/** IANA_SVC_NAME (RFC 6335 §5.1): letters, digits and single hyphens within; at least one letter. */
const PORT_NAME = '^([a-z0-9]+-)*[0-9]*[a-z][a-z0-9]*(-[a-z0-9]+)*$'

/**
 * A port by number, or by the name of a Workload's port. Limits of numbers hold for numbers, those of text for text. No rule in CEL:
 * an API server takes the size of what may be text for unbounded.
 */
export function portReference(description: string): Schema {
  return {
    'x-kubernetes-int-or-string': true,
    minimum: 1,
    maximum: 65_535,
    maxLength: 15,
    pattern: PORT_NAME,
    description,
    'x-heddle-expected':
      'a port from 1 to 65535, or the name of a port (at most 15 lower-case letters, digits and "-")',
  }
}

/** IANA_SVC_NAME as Kubernetes has it (RFC 6335 §5.1). */
export function portName(description: string): Schema {
  return {
    type: 'string',
    maxLength: 15,
    pattern: '^[a-z0-9]+(-[a-z0-9]+)*$',
    description,
    'x-heddle-expected': 'a port name: at most 15 lower-case letters, digits and single "-", with at least one letter',
    'x-kubernetes-validations': [
      {
        rule: "self.matches('[a-z]')",
        message: 'a port name has at least one letter',
        holds: (self: string) => /[a-z]/.test(self),
      },
    ],
  }
}

/** Kubernetes' `appProtocol`: any qualified name, also such as are not known here. */
export function appProtocol(description: string): Schema {
  return {
    type: 'string',
    pattern: QUALIFIED_NAME,
    maxLength: 317,
    description,
    'x-heddle-expected': 'a protocol name such as http, grpc, tls, tcp or kubernetes.io/h2c',
  }
}

/** A string map whose names are qualified (`app.kubernetes.io/name`) and whose values are label values. */
export function labelMap(description: string): Schema {
  return {
    type: 'object',
    description,
    additionalProperties: {
      type: 'string',
      maxLength: 63,
      pattern: '^(([A-Za-z0-9][-A-Za-z0-9_.]*)?[A-Za-z0-9])?$',
      'x-heddle-expected':
        'a label value in text: at most 63 letters, digits, "-", "_" and ".", starting and ending with a letter or digit',
    },
    'x-heddle-keys': qualifiedName,
  }
}

/** A name of a label or annotation, with or without a DNS name and `/` in front. */
export const qualifiedName: Schema = {
  type: 'string',
  pattern: QUALIFIED_NAME,
  maxLength: 317,
  'x-heddle-expected':
    'a name such as app or example.org/app: at most 63 letters, digits, "-", "_" and ".", after an optional DNS name and "/"',
}

/** A whole number from `minimum` to `maximum`. */
export function wholeFrom(description: string, [minimum, maximum]: readonly [number, number]): Schema {
  return { type: 'integer', format: 'int32', minimum, maximum, description }
}

/** Whole seconds, up to a day. */
export function seconds(description: string, minimum: number, fallback: number): Schema {
  return { ...wholeFrom(description, [minimum, 86_400]), default: fallback }
}

/** Any legal text that nothing here looks at. */
export const text: Schema = { type: 'string' }
export const wholeNumber: Schema = { type: 'integer', format: 'int64' }
export const flag: Schema = { type: 'boolean' }
