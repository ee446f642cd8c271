import { code, renderTable } from '@heddle/api/kinds/field-table'
import type { Schema } from '@heddle/api/kinds/schema'
import { stringify } from 'yaml'
import type { KubeDraft } from '../client/client.ts'
import { HA_VALUES } from './ha-values.ts'
import { installValuesSchema } from './install-values-schema.ts'
import { DEFAULT_VALUES } from './override.ts'
import { renderCrds } from './render-crds.ts'

const GENERATED = '# Written by `npm run gen`; do not edit.\n'

/** Plural names of Heddle's own kinds: each has a file in `deploy/chart/crds/`. */
export const CRD_PLURALS = ['backendpolicies', 'faultpolicies', 'trafficpolicies', 'workloads'] as const

/** `deploy/chart/crds/heddle.dev_PLURAL.yaml`. */
export function renderCrdFile(plural: (typeof CRD_PLURALS)[number]): string {
  const crd = renderCrds().find(({ metadata }: KubeDraft) => metadata.name.startsWith(`${plural}.`))
  return GENERATED + stringify(crd, { lineWidth: 0, aliasDuplicateObjects: false })
}

/** `deploy/chart/values.yaml`: every value with its default, and what it is for above it. */
export function renderValuesFile(): string {
  const head = `${GENERATED}# Values of an installation of Heddle, as they are unless something else is said: docs/reference/install-values.md\n`
  return `${head}\n${renderFields(installValuesSchema, '').trimEnd()}\n`
}

function renderFields({ properties = {} }: Schema, indent: string): string {
  const isTop = indent === ''
  return Object.entries(properties)
    .map(([name, field]) => {
      const comment = `${indent}# ${field.description ?? ''}\n`
      if (field.properties !== undefined) {
        return `${comment}${indent}${name}:\n${renderFields(field, `${indent}  `)}${isTop ? '\n' : ''}`
      }
      return `${comment}${indent}${name}: ${stringify(field.default, { lineWidth: 0, compat: 'yaml-1.1', collectionStyle: 'flow', flowCollectionPadding: !Array.isArray(field.default) })}`
    })
    .join('')
}

/** `deploy/chart/values-ha.yaml`. */
export function renderHaValuesFile(): string {
  return `${GENERATED}# What \`heddle install --ha\` says: no single node or pod stops the control plane.\n${stringify(HA_VALUES)}`
}

/** `deploy/chart/values.schema.json`, by which Helm checks values. */
export function renderValuesSchema(): string {
  const schema = {
    $schema: 'http://json-schema.org/draft-07/schema#',
    ...toHelmSchema(installValuesSchema),
  }
  // Helm hands these to every chart that is part of another.
  Object.assign(schema.properties ?? {}, { global: { type: 'object' } })
  // Lists of words on one line, as Biome has it.
  const text = JSON.stringify(schema, null, 2).replace(
    /\[\s+("[^[\]{}]*")\s+\]/g,
    (_, words: string) => `[${words.replace(/\s+/g, ' ')}]`,
  )
  return `${text}\n`
}

interface HelmSchema {
  readonly properties?: Readonly<Record<string, HelmSchema>>
  readonly [keyword: string]: unknown
}

/** Rules over several fields stay with the command line; everything else Helm can check as well. */
function toHelmSchema(schema: Schema): HelmSchema {
  const kept = Object.entries(schema).filter(([keyword]) => !keyword.startsWith('x-') && !NOT_KEPT.has(keyword))
  const { properties, items, additionalProperties } = schema
  const isOpen = schema['x-kubernetes-preserve-unknown-fields'] === true
  return {
    ...Object.fromEntries(kept),
    ...(properties !== undefined && {
      properties: Object.fromEntries(Object.entries(properties).map(([name, field]) => [name, toHelmSchema(field)])),
      additionalProperties: isOpen,
    }),
    ...(additionalProperties !== undefined && { additionalProperties: toHelmSchema(additionalProperties) }),
    ...(items !== undefined && { items: toHelmSchema(items) }),
  }
}

const NOT_KEPT: ReadonlySet<string> = new Set(['properties', 'items', 'additionalProperties', 'default', 'format'])

/** The page `docs/reference/install-values.md`. */
export function renderInstallValuesPage(): string {
  return `# Values of an installation

What ${code('heddle install')} and the Helm chart can be told ([how to install](../tasks/install.md)). On the command line as
${code('--set control.replicas=3')}, or in a file for ${code('--values FILE')}:

\`\`\`yaml
control:
  replicas: 3
proxy:
  logLevel: warn
  skipOutboundPorts: 25,4000-4100
webhooks:
  excludedNamespaces: [kube-node-lease, kube-public, calico-system]
\`\`\`

A file changes what it names and leaves the rest as it is; of several files and ${code('--set')} the last one counts. Lists are replaced as a whole.
With ${code('--set')} a dot within a name is written ${code('\\.')}, items of a list have commas between, and what is made of maps is JSON:

\`\`\`console
$ heddle install --set 'control.nodeSelector.kubernetes\\.io/arch=arm64' \\
    --set webhooks.excludedNamespaces=kube-node-lease,kube-public,calico-system \\
    --set 'control.tolerations=[{"key":"dedicated","operator":"Exists"}]'
\`\`\`

A name that is not known is refused, with the nearest one that is. ${code('--ha')} is ${code('deploy/chart/values-ha.yaml')}:

\`\`\`yaml
${stringify(HA_VALUES).trimEnd()}
\`\`\`

Fields with * are needed.

${renderTable(installValuesSchema)}
`
}

/** `deploy/chart/defaults.yaml`: by it the chart's templates tell what was said from what is so anyway. */
export function renderDefaultsFile(): string {
  return `${GENERATED}${stringify(DEFAULT_VALUES, { lineWidth: 0, compat: 'yaml-1.1' })}`
}
