import { parseDurationMs } from '@heddle/base/duration'
import { duration, group, kindSchema, objectName, sectionName } from './gateway-schema.ts'
import type { Schema } from './schema.ts'

interface RawTarget {
  readonly group: string
  readonly kind: string
  readonly name: string
  readonly sectionName?: string
}

/** `spec.targetRefs` of a policy that can be attached to `kinds`. */
export function targetRefs(kinds: readonly ('Service' | 'HTTPRoute' | 'GRPCRoute')[]): Schema {
  const hasRoutes = kinds.length > 1
  return {
    type: 'array',
    minItems: 1,
    maxItems: 16,
    description:
      'What the policy is attached to, in its own namespace. Of two policies of one kind for one target the older counts.',
    'x-kubernetes-validations': [
      {
        rule: "self.all(a, self.filter(b, a.kind == b.kind && a.name == b.name && (has(a.sectionName) ? a.sectionName : '') == (has(b.sectionName) ? b.sectionName : '')).size() == 1)",
        message: 'one target is named twice',
        holds: (self: readonly RawTarget[]) => new Set(self.map(targetKey)).size === self.length,
      },
    ],
    items: {
      type: 'object',
      description: 'A target.',
      required: ['kind', 'name'],
      properties: {
        group: {
          ...group,
          default: '',
          description: hasRoutes ? '`""` for a Service, `gateway.networking.k8s.io` for a route.' : '`""`.',
        },
        kind: { type: 'string', enum: kinds, description: 'Kind of the target.' },
        name: { ...objectName, description: 'Name of the target.' },
        sectionName: {
          ...sectionName,
          description: hasRoutes
            ? 'Name of a port of the Service, or of a rule of the route; it goes before a policy for the whole target.'
            : 'Name of a port of the Service; it goes before a policy for the whole Service.',
        },
      },
      'x-kubernetes-validations': [
        {
          rule: "self.kind == 'Service' ? self.group == '' || self.group == 'core' : self.group == 'gateway.networking.k8s.io'",
          fieldPath: '.group',
          message: 'expected "" for a Service, gateway.networking.k8s.io for a route',
          holds: ({ kind, group: own }: RawTarget) =>
            kind === 'Service' ? own === '' || own === 'core' : own === 'gateway.networking.k8s.io',
        },
      ],
    },
  }
}

function targetKey({ kind, name, sectionName: section = '' }: RawTarget): string {
  return `${kind} ${name} ${section}`
}

/** A duration within limits, which are durations as well. */
export function boundedDuration(description: string, [least, most]: readonly [string, string]): Schema {
  const [leastMs, mostMs] = [least, most].map((one) => parseDurationMs(one)!) as [number, number]
  return {
    ...duration,
    description,
    'x-heddle-expected': `a duration from ${least} to ${most}, such as 250ms, 10s or 1h30m`,
    'x-kubernetes-validations': [
      {
        rule: `duration(self) >= duration('${least}') && duration(self) <= duration('${most}')`,
        message: `expected a duration from ${least} to ${most}`,
        holds: (self: string) => {
          const ms = parseDurationMs(self)
          return ms === undefined || (ms >= leastMs && ms <= mostMs)
        },
      },
    ],
  }
}

/** A kind of policy. */
export function policySchema(kind: string, description: string, spec: Schema): Schema {
  return kindSchema({ apiVersion: 'heddle.dev/v1alpha1', kind, description, spec, age: 'counts' })
}
