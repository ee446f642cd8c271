import { kindSchema, level } from './gateway-schema.ts'
import { headerMatches } from './http-route-schema.ts'
import { grpcFilters } from './route-filters-schema.ts'
import { backendRef, hostnames, parentRefs, ruleName, rulesRules, useDefaultGateways } from './route-refs-schema.ts'
import type { Rule, Schema } from './schema.ts'
import { sessionPersistence } from './session-persistence-schema.ts'

interface RawMethod {
  readonly type: string
  readonly service?: string
  readonly method?: string
}

const methodRules: readonly Rule[] = [
  {
    message: 'expected service, method or both',
    holds: ({ service, method }: RawMethod) => service !== undefined || method !== undefined,
  },
  {
    fieldPath: '.service',
    message: 'expected a service with its package, such as shop.v1.Cart',
    holds: ({ type, service }: RawMethod) =>
      type !== 'Exact' || service === undefined || /^\.?[a-z_][a-z_0-9]*(\.[a-z_][a-z_0-9]*)*$/i.test(service),
  },
  {
    fieldPath: '.method',
    message: 'expected a method such as AddItem',
    holds: ({ type, method }: RawMethod) =>
      type !== 'Exact' || method === undefined || /^[A-Za-z_][A-Za-z_0-9]*$/.test(method),
  },
]

const match: Schema = {
  type: 'object',
  properties: {
    method: level('core', 'What has to be called.', {
      type: 'object',
      properties: {
        type: level('core', '`RegularExpression`: RE2, on the whole name.', {
          type: 'string',
          enum: ['Exact', 'RegularExpression'],
          default: 'Exact',
        }),
        service: level('core', 'Service with its package; any when absent.', { type: 'string', maxLength: 1024 }),
        method: level('core', 'Method; any when absent.', { type: 'string', maxLength: 1024 }),
      },
      'x-kubernetes-validations': methodRules,
    }),
    headers: headerMatches({
      type: 'string',
      minLength: 1,
      maxLength: 4096,
      'x-heddle-expected': 'text of 1 to 4096 characters',
    }),
  },
}

const rule: Schema = {
  type: 'object',
  properties: {
    name: ruleName,
    matches: level('core', 'Any of these has to hold, and of each all that it says; every call when absent.', {
      type: 'array',
      maxItems: 64,
      items: match,
    }),
    filters: grpcFilters('core', 'What is done with the calls.'),
    backendRefs: level('core', 'Where the calls go; with none they end with UNAVAILABLE.', {
      type: 'array',
      maxItems: 16,
      items: backendRef({ filters: grpcFilters('extended', 'What is done with the calls of this backend.') }),
    }),
    sessionPersistence,
  },
}

/** `gateway.networking.k8s.io/v1` GRPCRoute. */
export const grpcRouteSchema: Schema = kindSchema({
  apiVersion: 'gateway.networking.k8s.io/v1',
  kind: 'GRPCRoute',
  description:
    'Where the gRPC calls of a Service go, and what is done with them. An HTTPRoute at the same port of the Service is not in force beside it.',
  age: 'counts',
  spec: level('core', 'What it is attached to, and its rules.', {
    type: 'object',
    properties: {
      parentRefs,
      useDefaultGateways,
      hostnames,
      rules: level('core', 'The most specific match of all rules of all routes wins.', {
        type: 'array',
        maxItems: 16,
        items: rule,
        'x-heddle-unique': [['name']],
        'x-kubernetes-validations': rulesRules(128),
      }),
    },
  }),
})
