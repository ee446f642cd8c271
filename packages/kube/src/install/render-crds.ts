import { KINDS, type Kind } from '@heddle/api/kinds/table'
import type { KubeDraft } from '../client/client.ts'
import { PART_OF_HEDDLE } from './install-names.ts'
import { type OpenApiSchema, toOpenApi } from './openapi-schema.ts'
import { policyStatusSchema, workloadStatusSchema } from './status-schema.ts'

const GROUP = 'heddle.dev'

/** What a CustomResourceDefinition says beside the schema. */
interface Presentation {
  readonly plural: string
  readonly shortName: string
  readonly columns: readonly Column[]
  readonly status: OpenApiSchema
  readonly labels?: Readonly<Record<string, string>>
}

interface Column {
  readonly name: string
  readonly type: 'string' | 'integer' | 'date'
  readonly jsonPath: string
  readonly description: string
}

const AGE: Column = {
  name: 'Age',
  type: 'date',
  jsonPath: '.metadata.creationTimestamp',
  description: 'Since when there is such an object.',
}

const TARGETS: Column = {
  name: 'Targets',
  type: 'string',
  jsonPath: '.spec.targetRefs[*].name',
  description: 'What it is attached to.',
}

const ACCEPTED: Column = {
  name: 'Accepted',
  type: 'string',
  jsonPath: '.status.ancestors[*].conditions[?(@.type=="Accepted")].status',
  description: 'Whether it is in force at its targets.',
}

/** As GEP-713 asks for, so that its tools find policies. */
const POLICY = {
  status: policyStatusSchema,
  labels: { 'gateway.networking.k8s.io/policy': 'Direct' },
} as const

const PRESENTATIONS: Readonly<Record<string, Presentation>> = {
  BackendPolicy: { ...POLICY, plural: 'backendpolicies', shortName: 'bpol', columns: [TARGETS, ACCEPTED, AGE] },
  FaultPolicy: {
    ...POLICY,
    plural: 'faultpolicies',
    shortName: 'fpol',
    columns: [
      TARGETS,
      { name: 'Until', type: 'string', jsonPath: '.spec.until', description: 'When it ends.' },
      ACCEPTED,
      AGE,
    ],
  },
  TrafficPolicy: { ...POLICY, plural: 'trafficpolicies', shortName: 'tpol', columns: [TARGETS, ACCEPTED, AGE] },
  Workload: {
    plural: 'workloads',
    shortName: 'wl',
    status: workloadStatusSchema,
    columns: [
      {
        name: 'Account',
        type: 'string',
        jsonPath: '.spec.serviceAccount',
        description: 'ServiceAccount whose identity it has.',
      },
      { name: 'Addresses', type: 'string', jsonPath: '.spec.addresses', description: 'Where its instances are.' },
      AGE,
    ],
  },
}

/** CustomResourceDefinitions of Heddle's own kinds, made of the schemas by which `heddle validate` checks them as well. */
export function renderCrds(): readonly KubeDraft[] {
  return KINDS.filter(({ apiVersion }) => apiVersion.startsWith(`${GROUP}/`)).map(renderCrd)
}

function renderCrd(kind: Kind): KubeDraft {
  const presentation = PRESENTATIONS[kind.kind]
  if (presentation === undefined) throw new Error(`nothing says how ${kind.kind} is shown`)
  const { plural, shortName, labels } = presentation
  const name = kind.kind
  return {
    apiVersion: 'apiextensions.k8s.io/v1',
    kind: 'CustomResourceDefinition',
    metadata: { name: `${plural}.${GROUP}`, labels: { ...PART_OF_HEDDLE, ...labels } },
    spec: {
      group: GROUP,
      scope: 'Namespaced',
      names: {
        kind: name,
        listKind: `${name}List`,
        plural,
        singular: name.toLowerCase(),
        shortNames: [shortName],
        categories: ['heddle'],
      },
      versions: [renderVersion(kind, presentation)],
    },
  }
}

function renderVersion({ apiVersion, schema }: Kind, { columns, status }: Presentation): OpenApiSchema {
  const { apiVersion: version, kind, metadata, spec } = schema.properties ?? {}
  const { name } = metadata?.properties ?? {}
  return {
    name: apiVersion.slice(GROUP.length + 1),
    served: true,
    storage: true,
    subresources: { status: {} },
    additionalPrinterColumns: columns,
    schema: {
      openAPIV3Schema: {
        type: 'object',
        description: schema.description,
        required: ['spec'],
        properties: {
          apiVersion: toOpenApi(version!),
          kind: toOpenApi(kind!),
          // Of metadata, a definition may restrict the name alone.
          metadata: { type: 'object', properties: { name: nameLimits(toOpenApi(name!)) } },
          spec: toOpenApi(spec!),
          status,
        },
      },
    },
  }
}

/** Kubernetes describes the field itself. */
function nameLimits({ description: _, minLength: _minLength, ...limits }: OpenApiSchema): OpenApiSchema {
  return limits
}
