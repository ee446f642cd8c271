import { dnsLabel, flag, labelMap, qualifiedName, type Schema, text, wholeNumber } from './schema.ts'

const SET_BY_SERVER = { reason: 'an API server sets it' }

/** Metadata of a kind whose names are as `name` says; all fields of Kubernetes' ObjectMeta are legal. */
export function objectMetaSchema(name: Schema, scope: 'namespaced' | 'cluster'): Schema {
  return {
    type: 'object',
    description: 'Name, labels and annotations.',
    required: ['name'],
    properties: {
      name,
      ...(scope === 'namespaced' && { namespace: dnsLabel('Namespace of the object; `default` when absent.') }),
      labels: labelMap('Names and values by which objects are selected.'),
      annotations: {
        type: 'object',
        description: 'Notes of people and tools; the mesh reads none of them.',
        additionalProperties: { type: 'string', 'x-heddle-expected': 'text', 'x-heddle-sensitive': true },
        'x-heddle-keys': qualifiedName,
      },
      ...serverFields,
    },
  }
}

/** The same for a kind whose objects may conflict: then the oldest counts. */
export function agedMetaSchema(name: Schema): Schema {
  const schema = objectMetaSchema(name, 'namespaced')
  const creationTimestamp: Schema = {
    ...text,
    format: 'date-time',
    description: 'Of two objects that conflict the older one counts; those without it are younger. A cluster sets it.',
  }
  return { ...schema, properties: { ...schema.properties, creationTimestamp } }
}

const serverFields: Readonly<Record<string, Schema>> = {
  generateName: { ...text, 'x-heddle-no-effect': { reason: 'objects here are known by their name' } },
  selfLink: serverSet(text),
  uid: serverSet(text),
  resourceVersion: serverSet(text),
  generation: serverSet(wholeNumber),
  creationTimestamp: serverSet({ ...text, format: 'date-time' }),
  deletionTimestamp: serverSet({ ...text, format: 'date-time' }),
  deletionGracePeriodSeconds: serverSet(wholeNumber),
  finalizers: {
    type: 'array',
    items: text,
    'x-heddle-no-effect': { reason: 'an object is gone when its file no longer has it' },
  },
  ownerReferences: {
    type: 'array',
    'x-heddle-no-effect': { reason: 'objects are not removed with their owners' },
    items: {
      type: 'object',
      required: ['apiVersion', 'kind', 'name', 'uid'],
      properties: {
        apiVersion: text,
        kind: text,
        name: text,
        uid: text,
        controller: flag,
        blockOwnerDeletion: flag,
      },
    },
  },
  managedFields: serverSet({
    type: 'array',
    items: {
      type: 'object',
      properties: {
        manager: text,
        operation: text,
        apiVersion: text,
        time: { ...text, format: 'date-time' },
        fieldsType: text,
        fieldsV1: { type: 'object', 'x-kubernetes-preserve-unknown-fields': true },
        subresource: text,
      },
    },
  }),
}

function serverSet(schema: Schema): Schema {
  return { ...schema, 'x-heddle-no-effect': SET_BY_SERVER }
}
