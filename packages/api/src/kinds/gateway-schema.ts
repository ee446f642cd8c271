import { agedMetaSchema, objectMetaSchema } from './object-meta-schema.ts'
import { dnsSubdomain, type Rule, type Schema, type SupportLevel, text } from './schema.ts'

const SUBDOMAIN = '^[a-z0-9]([-a-z0-9]*[a-z0-9])?(\\.[a-z0-9]([-a-z0-9]*[a-z0-9])?)*$'

/** A group of an API; empty for Kubernetes' own. */
export const group: Schema = {
  type: 'string',
  maxLength: 253,
  pattern: `^$|${SUBDOMAIN}`,
  'x-heddle-expected': 'a group such as gateway.networking.k8s.io, or "" for that of Service',
}

export const kindName: Schema = {
  type: 'string',
  minLength: 1,
  maxLength: 63,
  pattern: '^[a-zA-Z]([-a-zA-Z0-9]*[a-zA-Z0-9])?$',
  'x-heddle-expected': 'a kind such as Service',
}

export const objectName: Schema = {
  type: 'string',
  minLength: 1,
  maxLength: 253,
  'x-heddle-expected': 'the name of an object, at most 253 characters',
}

export const namespaceName: Schema = {
  type: 'string',
  minLength: 1,
  maxLength: 63,
  pattern: '^[a-z0-9]([-a-z0-9]*[a-z0-9])?$',
  'x-heddle-expected': 'the name of a namespace: lower-case letters, digits and "-", at most 63 characters',
}

export const sectionName: Schema = {
  type: 'string',
  minLength: 1,
  maxLength: 253,
  pattern: SUBDOMAIN,
  'x-heddle-expected': 'a name of lower-case letters, digits, "-" and ".", at most 253 characters',
}

export const preciseHostname: Schema = {
  type: 'string',
  minLength: 1,
  maxLength: 253,
  pattern: SUBDOMAIN,
  'x-heddle-expected': 'a host name in lower case, without port and without "*"',
}

export const hostname: Schema = {
  type: 'string',
  minLength: 1,
  maxLength: 253,
  pattern: '^(\\*\\.)?[a-z0-9]([-a-z0-9]*[a-z0-9])?(\\.[a-z0-9]([-a-z0-9]*[a-z0-9])?)*$',
  'x-heddle-expected': 'a host name in lower case such as shop.example or *.example',
}

/** GEP-2257. */
export const duration: Schema = {
  type: 'string',
  pattern: '^([0-9]{1,5}(h|m|s|ms)){1,4}$',
  'x-heddle-expected': 'a duration such as 250ms, 10s or 1h30m',
}

export const headerName: Schema = {
  type: 'string',
  minLength: 1,
  maxLength: 256,
  pattern: "^[A-Za-z0-9!#$%&'*+\\-.^_\\x60|~]+$",
  'x-heddle-expected': 'the name of a header, at most 256 characters',
}

/** The API's own pattern has `[\t ]?` and takes exponential time on some values; this one accepts the same. */
export const headerValue: Schema = {
  type: 'string',
  minLength: 1,
  maxLength: 4096,
  pattern: '^[!-~]+([\\t ][!-~]+)*$',
  'x-heddle-expected':
    'the value of a header: at most 4096 visible characters of ASCII, with single spaces or tabs between',
}

/** Up to 16 entries of a name and a value, no two of one name. */
export function namedValues(properties: Readonly<Record<'name' | 'value', Schema>>): Schema {
  return {
    type: 'array',
    maxItems: 16,
    'x-heddle-unique': [['name']],
    items: { type: 'object', required: ['name', 'value'], properties },
  }
}

/** A field with its description, and how far the Gateway API binds its implementations to it. */
export function level(level: SupportLevel, description: string, schema: Schema): Schema {
  return { ...schema, description, 'x-heddle-level': level }
}

/** Each type of a union has a field of its own, which is there with that type and no other. */
export function unionRules(fields: Readonly<Record<string, string>>): readonly Rule[] {
  return Object.entries(fields).flatMap(([type, field]): readonly Rule[] => [
    {
      fieldPath: `.${field}`,
      message: `goes with type ${type} only`,
      holds: (self: Union) => self[field] === undefined || self.type === type,
    },
    {
      fieldPath: `.${field}`,
      message: `is needed with type ${type}`,
      holds: (self: Union) => self[field] !== undefined || self.type !== type,
    },
  ])
}

type Union = Readonly<Record<string, unknown>>

/** The schema of a kind with metadata, spec and a status, which only a cluster keeps. */
export function kindSchema(parts: {
  readonly apiVersion: string
  readonly kind: string
  readonly description: string
  readonly spec: Schema
  /** Of two objects that conflict the older one counts. */
  readonly age: 'counts' | 'ignored'
}): Schema {
  const { apiVersion, kind, description, spec, age } = parts
  const name = dnsSubdomain(`Name of the ${kind}.`)
  return {
    type: 'object',
    description,
    required: ['metadata', 'spec'],
    properties: {
      apiVersion: { ...text, description: `\`${apiVersion}\`` },
      kind: { ...text, description: `\`${kind}\`` },
      metadata: age === 'counts' ? agedMetaSchema(name) : objectMetaSchema(name, 'namespaced'),
      spec,
      status: {
        type: 'object',
        description: 'Shown by `heddle get`.',
        'x-kubernetes-preserve-unknown-fields': true,
        'x-heddle-no-effect': { reason: 'the mesh says it, a file cannot' },
      },
    },
  }
}
