import { group, kindName, kindSchema, level, namespaceName, objectName } from './gateway-schema.ts'
import type { Schema } from './schema.ts'

/** `gateway.networking.k8s.io/v1` ReferenceGrant. */
export const referenceGrantSchema: Schema = kindSchema({
  apiVersion: 'gateway.networking.k8s.io/v1',
  kind: 'ReferenceGrant',
  description: 'Lets routes of other namespaces name Services of its own namespace as backends.',
  age: 'ignored',
  spec: level('core', 'Who may refer to what.', {
    type: 'object',
    required: ['from', 'to'],
    properties: {
      from: level('core', 'Who may.', {
        type: 'array',
        minItems: 1,
        maxItems: 16,
        items: {
          type: 'object',
          required: ['group', 'kind', 'namespace'],
          properties: {
            group: level('core', '`gateway.networking.k8s.io` for routes.', group),
            kind: level('core', 'Such as `HTTPRoute`.', kindName),
            namespace: level('core', 'Where those routes are.', namespaceName),
          },
        },
      }),
      to: level('core', 'What they may refer to.', {
        type: 'array',
        minItems: 1,
        maxItems: 16,
        items: {
          type: 'object',
          required: ['group', 'kind'],
          properties: {
            group: level('core', '`""` for Services.', group),
            kind: level('core', '`Service`.', kindName),
            name: level('core', 'Every one of the namespace when absent.', objectName),
          },
        },
      }),
    },
  }),
})
