import { group, hostname, kindName, level, namespaceName, objectName, sectionName } from './gateway-schema.ts'
import { portNumber, type Rule, type Schema } from './schema.ts'

interface RawParent {
  readonly group: string
  readonly kind: string
  readonly name: string
  readonly namespace?: string
  readonly sectionName?: string
  readonly port?: number
}

/** An empty value counts as an absent one, as in the API's own rules. */
const isSameParent = (a: RawParent, b: RawParent) =>
  a.group === b.group && a.kind === b.kind && a.name === b.name && (a.namespace || '') === (b.namespace || '')

const isSamePlace = (a: RawParent, b: RawParent) =>
  (a.sectionName || '') === (b.sectionName || '') && (a.port || 0) === (b.port || 0)

/** `spec.hostnames` of routes for requests. */
export const hostnames: Schema = level('core', 'Names under which a gateway serves the route.', {
  type: 'array',
  maxItems: 16,
  items: hostname,
  'x-heddle-no-effect': { reason: 'the requests of a Service are for its own name' },
})

/** `spec.parentRefs` of every kind of route. */
export const parentRefs: Schema = level('core', 'What the route is attached to.', {
  type: 'array',
  maxItems: 32,
  items: {
    type: 'object',
    required: ['name'],
    properties: {
      group: level('core', '`""` for a Service.', { ...group, default: 'gateway.networking.k8s.io' }),
      kind: level('core', '`Service`. There are no gateways yet: a `Gateway` is named in a warning.', {
        ...kindName,
        default: 'Gateway',
      }),
      namespace: level(
        'core',
        "The route's own when absent. With that of another namespace the route is for clients of its own namespace only.",
        namespaceName,
      ),
      name: level('core', 'Name of the Service.', objectName),
      sectionName: level('extended', 'Name of a port of the Service.', sectionName),
      port: level('extended', 'A port of the Service; every port when absent.', portNumber('')),
    },
  },
  'x-kubernetes-validations': [
    {
      message: 'where one parent is named more than once, each time needs a port, or each time a sectionName',
      holds: (self: readonly RawParent[]) =>
        self.every((a) =>
          self.every((b) => !isSameParent(a, b) || (!a.sectionName === !b.sectionName && !a.port === !b.port)),
        ),
    },
    {
      message: 'one parent is named twice with the same sectionName and port',
      holds: (self: readonly RawParent[]) =>
        self.every((a) => self.filter((b) => isSameParent(a, b) && isSamePlace(a, b)).length === 1),
    },
  ],
})

const portNeeded: Rule = {
  fieldPath: '.port',
  message: 'a Service needs a port',
  holds: (self: { readonly group: string; readonly kind: string; readonly port?: number }) =>
    self.group !== '' || self.kind !== 'Service' || self.port !== undefined,
}

const refFields: Readonly<Record<string, Schema>> = {
  group: level('core', '`""` for a Service.', { ...group, default: '' }),
  kind: level('core', '`Service`; other kinds are refused.', { ...kindName, default: 'Service' }),
  namespace: level(
    'core',
    "The route's own when absent. Another one needs a ReferenceGrant there, but for a parent of the route.",
    namespaceName,
  ),
  name: level('core', 'Name of the Service.', objectName),
  port: level('core', 'Port of the Service.', portNumber('')),
}

/** Where something is sent; without a share. */
export const backendObjectRef: Schema = {
  type: 'object',
  required: ['name'],
  properties: refFields,
  'x-kubernetes-validations': [portNeeded],
}

/** Where requests go, with their share. */
export function backendRef(more: Readonly<Record<string, Schema>> = {}): Schema {
  const weight = level('core', 'Share of the requests beside that of the other backends; `0`: none.', {
    type: 'integer',
    format: 'int32',
    minimum: 0,
    maximum: 1_000_000,
    default: 1,
    'x-heddle-expected': 'a whole number from 0 to 1000000',
  })
  return {
    type: 'object',
    required: ['name'],
    properties: { ...refFields, weight, ...more },
    'x-kubernetes-validations': [portNeeded],
  }
}

export const useDefaultGateways: Schema = level('experimental', '', {
  type: 'string',
  enum: ['All', 'None'],
  'x-heddle-no-effect': { reason: 'there are no gateways yet', except: ['None'] },
})

export const ruleName: Schema = level(
  'extended',
  'Name of the rule, by which a policy and `heddle why` call it; each once.',
  sectionName,
)

/** Names of rules are unique, and all their matches together are not more than a proxy should search. */
export function rulesRules(mostMatches: number): readonly Rule[] {
  return [
    {
      message: `all rules together may have ${mostMatches} matches at most`,
      holds: (self: readonly { readonly matches?: readonly unknown[] }[]) =>
        self.reduce((sum, { matches }) => sum + (matches?.length ?? 0), 0) <= mostMatches,
    },
  ]
}
