import { hostname, kindSchema, level } from './gateway-schema.ts'
import { parseIp } from './ip-address.ts'
import { backendRef, parentRefs, ruleName, useDefaultGateways } from './route-refs-schema.ts'
import type { Schema } from './schema.ts'

function rules(what: string): Schema {
  return level('core', 'Exactly one.', {
    type: 'array',
    minItems: 1,
    maxItems: 1,
    'x-heddle-expected': 'a list of exactly one rule',
    items: {
      type: 'object',
      required: ['backendRefs'],
      properties: {
        name: ruleName,
        backendRefs: level('core', `Where the ${what} go.`, {
          type: 'array',
          minItems: 1,
          maxItems: 16,
          items: backendRef(),
        }),
      },
    },
  })
}

/** `gateway.networking.k8s.io/v1` TLSRoute. */
export const tlsRouteSchema: Schema = kindSchema({
  apiVersion: 'gateway.networking.k8s.io/v1',
  kind: 'TLSRoute',
  description:
    "Where connections with the application's own TLS go, by the server name that they ask for. They are passed through.",
  age: 'counts',
  spec: level('core', 'What it is attached to, and its rule.', {
    type: 'object',
    required: ['hostnames', 'rules'],
    properties: {
      parentRefs,
      useDefaultGateways,
      hostnames: level('core', 'Server names, each exact or with a leading `*.`.', {
        type: 'array',
        minItems: 1,
        maxItems: 1024,
        items: hostname,
        'x-kubernetes-validations': [
          {
            message: 'a server name is no IP address (RFC 6066)',
            holds: (self: readonly string[]) => self.every((name) => parseIp(name) === undefined),
          },
        ],
      }),
      rules: rules('connections'),
    },
  }),
})

/** `gateway.networking.k8s.io/v1` TCPRoute. */
export const tcpRouteSchema: Schema = kindSchema({
  apiVersion: 'gateway.networking.k8s.io/v1',
  kind: 'TCPRoute',
  description: 'Where the connections for a Service go, whatever is spoken in them.',
  age: 'counts',
  spec: level('core', 'What it is attached to, and its rule.', {
    type: 'object',
    required: ['rules'],
    properties: { parentRefs, useDefaultGateways, rules: rules('connections') },
  }),
})
