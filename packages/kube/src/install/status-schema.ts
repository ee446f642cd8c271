import type { OpenApiSchema } from './openapi-schema.ts'

function text(description: string, maxLength: number): OpenApiSchema {
  return { type: 'string', description, maxLength }
}

/** Kubernetes' `metav1.Condition`. */
const condition: OpenApiSchema = {
  type: 'object',
  description: 'One thing that is so, or not.',
  required: ['lastTransitionTime', 'message', 'reason', 'status', 'type'],
  properties: {
    type: { ...text('What it is about, such as `Accepted`.', 316), minLength: 1 },
    status: { type: 'string', enum: ['True', 'False', 'Unknown'], description: 'Whether it is so.' },
    reason: { ...text('Why, in one word.', 1024), minLength: 1 },
    message: text('Why, in a sentence.', 32_768),
    lastTransitionTime: { type: 'string', format: 'date-time', description: 'Since when.' },
    observedGeneration: {
      type: 'integer',
      format: 'int64',
      minimum: 0,
      description: 'Generation of the object that was looked at.',
    },
  },
}

const conditions: OpenApiSchema = {
  type: 'array',
  maxItems: 8,
  description: 'Whether it is in force.',
  items: condition,
  'x-kubernetes-list-type': 'map',
  'x-kubernetes-list-map-keys': ['type'],
}

/** The status of a policy as the Gateway API has it (GEP-713): of each of its targets. */
export const policyStatusSchema: OpenApiSchema = {
  type: 'object',
  description: 'What became of it; written by the control plane.',
  properties: {
    ancestors: {
      type: 'array',
      maxItems: 16,
      description: 'Each of the targets.',
      'x-kubernetes-list-type': 'atomic',
      items: {
        type: 'object',
        description: 'A target.',
        required: ['ancestorRef', 'controllerName'],
        properties: {
          ancestorRef: {
            type: 'object',
            description: 'Which target.',
            required: ['name'],
            properties: {
              group: text('Group of the target.', 253),
              kind: text('Kind of the target.', 63),
              namespace: text('Namespace of the target.', 63),
              name: text('Name of the target.', 253),
              sectionName: text('Name of the port or rule.', 253),
              port: { type: 'integer', format: 'int32', minimum: 1, maximum: 65_535, description: 'A port of it.' },
            },
          },
          controllerName: text('Who says so.', 253),
          conditions,
        },
      },
    },
  },
}

/** The status of a Workload. */
export const workloadStatusSchema: OpenApiSchema = {
  type: 'object',
  description: 'What became of it; written by the control plane.',
  properties: { conditions },
}
