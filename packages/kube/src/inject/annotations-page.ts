import {
  CONTROL_NAMESPACE_LABEL,
  INJECT_ANNOTATION,
  OPAQUE_PORTS_ANNOTATION,
  PREFIX,
  SKIP_INBOUND_ANNOTATION,
  SKIPPED_ANNOTATION,
  STATUS_ANNOTATION,
} from './names.ts'
import { type InjectSettings, SETTINGS } from './settings.ts'

/** The page `docs/reference/annotations.md`. */
export function renderAnnotationsPage(): string {
  const properties = Object.keys(SETTINGS) as (keyof InjectSettings)[]
  return `${HEAD}\n${properties.map(toRow).join('\n')}\n${TAIL}`
}

function toRow(property: keyof InjectSettings): string {
  const { name, fallback, expects, about } = SETTINGS[property]
  return `| \`${PREFIX}${name}\` | ${expects} | ${fallback === '' ? '–' : `\`${fallback}\``} | ${about} |`
}

const HEAD = `# Annotations

How the proxy of a pod is made ([how to inject](../tasks/inject.md)). Each annotation may stand on a Pod or a pod template (in a Deployment:
\`spec.template.metadata.annotations\`, not those of the Deployment itself), and on a Namespace for all of its pods. The pod's word goes
before its namespace's, this before the values of the [installation](../tasks/install.md), and these before the default below.

They are read when a pod is made: a change of them is in force in pods that are made afterwards (\`kubectl rollout restart\`).

A value that cannot be obeyed is never ignored: the pod is refused with the annotation, its value and what was expected. An annotation of
\`${PREFIX}\` that is none of these gets a warning.

## Whether there is a proxy

| annotation | expects | default | what for |
| --- | --- | --- | --- |
| \`${INJECT_ANNOTATION}\` | one of \`enabled\`, \`disabled\` | – | \`enabled\` on a namespace or a pod asks for a proxy. The pod's word wins: \`disabled\` on a pod keeps it without one in a namespace where the others have one. |

## How it is made

| annotation | expects | default | what for |
| --- | --- | --- | --- |`

const TAIL = `
## Written by Heddle

| annotation or label | where | what it says |
| --- | --- | --- |
| \`${STATUS_ANNOTATION}\` | pods with a proxy | version, and the names of all that was put in, as JSON; \`heddle uninject\` takes out just that |
| \`${SKIPPED_ANNOTATION}\` | pods that ask for a proxy and cannot have one | why: \`host-network\` or \`unsupported-os\` |
| \`${OPAQUE_PORTS_ANNOTATION}\`, \`${SKIP_INBOUND_ANNOTATION}\` | pods with a proxy | the ports in force, where the namespace or the installation said them |
| \`${CONTROL_NAMESPACE_LABEL}\` (label) | pods with a proxy | the namespace of their control plane: \`kubectl get pods -A -l ${CONTROL_NAMESPACE_LABEL}\` lists the mesh |
`
