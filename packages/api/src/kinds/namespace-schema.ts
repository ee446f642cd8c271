import { objectMetaSchema } from './object-meta-schema.ts'
import { dnsLabel, dnsSubdomain, flag, type Schema, text } from './schema.ts'

/** Kubernetes' `v1` Namespace, all of its fields. */
export const namespaceSchema: Schema = {
  type: 'object',
  required: ['metadata'],
  properties: {
    apiVersion: text,
    kind: text,
    metadata: objectMetaSchema(dnsLabel('Name of the Namespace.'), 'cluster'),
    spec: {
      type: 'object',
      'x-heddle-no-effect': { reason: 'a cluster acts on it' },
      properties: { finalizers: { type: 'array', items: text } },
    },
    status: {
      type: 'object',
      'x-kubernetes-preserve-unknown-fields': true,
      'x-heddle-no-effect': { reason: 'a cluster sets it' },
    },
  },
}

/** Kubernetes' `v1` ServiceAccount, all of its fields. */
export const serviceAccountSchema: Schema = {
  type: 'object',
  required: ['metadata'],
  properties: {
    apiVersion: text,
    kind: text,
    metadata: objectMetaSchema(dnsSubdomain('Name of the ServiceAccount.'), 'namespaced'),
    secrets: {
      type: 'array',
      'x-heddle-no-effect': { reason: 'identities come from the mesh' },
      items: {
        type: 'object',
        properties: {
          apiVersion: text,
          kind: text,
          namespace: text,
          name: text,
          uid: text,
          resourceVersion: text,
          fieldPath: text,
        },
      },
    },
    imagePullSecrets: {
      type: 'array',
      'x-heddle-no-effect': { reason: 'no image is pulled' },
      items: { type: 'object', properties: { name: text } },
    },
    automountServiceAccountToken: { ...flag, 'x-heddle-no-effect': { reason: 'no token is mounted', except: [false] } },
  },
}
