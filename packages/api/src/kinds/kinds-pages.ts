import { knownAppProtocols } from './app-protocol.ts'
import { namespaceSchema, serviceAccountSchema } from './namespace-schema.ts'
import type { Schema } from './schema.ts'
import { serviceSchema } from './service-schema.ts'
import { workloadSchema } from './workload-schema.ts'

const EXAMPLE = `apiVersion: heddle.dev/v1alpha1
kind: Workload
metadata:
  name: web
  namespace: shop
  labels:
    app: web              # what the selectors of Services match
spec:
  serviceAccount: web     # its identity: spiffe://TRUST_DOMAIN/ns/shop/sa/web
  command: [node, web.js]
  replicas: 2
  ports:
    - name: http
      port: 8080          # what Services target
      appProtocol: http
  env:
    - name: PORT          # where this instance has to listen
      valueFrom: {portRef: {name: http}}
    - name: CART_HOST     # HOST:PORT of another Service
      valueFrom: {serviceRef: {name: cart-svc, port: 80}}
  healthCheck:
    httpGet: {path: /healthz, port: http}`

/** The page `docs/reference/workload.md`. */
export function renderWorkloadPage(): string {
  return `# Workload

\`heddle.dev/v1alpha1\`. ${workloadSchema.description} How files are read is in [configuration.md](configuration.md).

\`\`\`yaml
${EXAMPLE}
\`\`\`

Exactly one of \`command\` and \`addresses\` is needed. Instances are called \`NAME-0\`, \`NAME-1\`, ...; an instance at an address
has no proxy unless one registers from that address, and is then spoken to in plain.

An application should take its port from \`portRef\` and bind \`status.address\`: where traffic is intercepted these are the declared port
and the address of the instance's own network namespace, where it is not they are a free port and a loopback address behind the proxy.

Fields with * are needed.

${renderTable(workloadSchema, 'metadata')}
`
}

/** The page `docs/reference/kubernetes-kinds.md`. */
export function renderKubernetesKindsPage(): string {
  return `# Kubernetes' own kinds

Every legal field of these kinds is accepted, so that one file serves a cluster and one host. What has no effect outside a cluster is
named in a warning whenever a file asks for it, never passed over in silence. Other kinds of Kubernetes (Deployment, ConfigMap, ...) may be
in the files too, with a warning. Fields with * are needed.

## Service

\`v1\`. A name and ports that clients address; behind it are the Workloads of its namespace whose labels its selector matches.

${renderTable(serviceSchema)}

## Namespace

\`v1\`. A namespace exists by being named; an object of this kind is needed on a cluster only.

Further fields of \`metadata\` as in Service.

${renderTable(namespaceSchema, 'metadata')}

## ServiceAccount

\`v1\`. The name of an identity: \`spiffe://TRUST_DOMAIN/ns/NAMESPACE/sa/NAME\`.

Further fields of \`metadata\` as in Service.

${renderTable(serviceAccountSchema, 'metadata')}

## appProtocol

What a port of a Service or a Workload declares of its bytes. The Service's word goes first, then that of the Workloads behind it, if they
agree. Without it the first bytes are looked at.

| name | how it is carried |
| --- | --- |
${renderProtocols()}

Any other name has no effect, with a warning.
`
}

const CARRIED = {
  http1: 'HTTP/1.1: requests are balanced and counted one by one',
  http2: 'HTTP/2',
  tls: "the application's own TLS, passed through",
  opaque: 'bytes, never looked at',
}

function renderProtocols(): string {
  return Object.entries(knownAppProtocols())
    .map(([protocol, names]) => `| ${names.map(code).join(', ')} | ${CARRIED[protocol as keyof typeof CARRIED]} |`)
    .join('\n')
}

/** @param brief - a field whose own fields are those of every kind, and not listed again */
function renderTable(schema: Schema, brief?: string): string {
  const rows = rowsOf(schema, '', brief)
  return ['| field | type | default | |', '| --- | --- | --- | --- |', ...rows].join('\n')
}

function rowsOf(schema: Schema, prefix: string, brief?: string): string[] {
  return Object.entries(schema.properties ?? {}).flatMap(([name, field]) => {
    if (prefix === '' && (name === 'apiVersion' || name === 'kind')) return []
    const path = `${prefix}${name}`
    const isNeeded = schema.required?.includes(name) === true
    const row = `| ${code(path)}${isNeeded ? ' *' : ''} | ${typeOf(field)} | ${defaultOf(field)} | ${textOf(field)} |`
    if (field['x-heddle-no-effect'] !== undefined && field['x-heddle-no-effect'].except === undefined) return [row]
    const nested = path === brief ? onlyFields(field, ['name', 'namespace', 'labels', 'annotations']) : field
    return [row, ...rowsOf(nested, `${path}.`, brief), ...rowsOf(field.items ?? {}, `${path}[].`, brief)]
  })
}

function onlyFields(schema: Schema, names: readonly string[]): Schema {
  const properties = Object.entries(schema.properties ?? {}).filter(([name]) => names.includes(name))
  return { ...schema, properties: Object.fromEntries(properties) }
}

function typeOf(schema: Schema): string {
  if (schema['x-kubernetes-int-or-string'] === true) return 'number or name'
  if (schema.enum !== undefined) return schema.enum.map((choice) => code(String(choice))).join(', ')
  if (schema.type === 'array')
    return `list${schema.items?.type === 'object' ? '' : ` of ${typeOf(schema.items ?? {})}`}`
  if (schema.type === 'integer') return `number${rangeOf(schema)}`
  if (schema.type === 'object') return schema.additionalProperties === undefined ? 'map' : 'map of text'
  return schema.type === 'boolean' ? 'true or false' : 'text'
}

function rangeOf({ minimum, maximum }: Schema): string {
  return minimum === undefined || maximum === undefined ? '' : `, ${minimum} to ${maximum}`
}

function defaultOf(schema: Schema): string {
  if (schema.default === undefined || schema.default === '') return ''
  return code(String(schema.default))
}

function textOf({ description = '', 'x-heddle-no-effect': noEffect }: Schema): string {
  if (noEffect === undefined) return description
  const values =
    noEffect.except === undefined ? '' : ` but for ${noEffect.except.map((value) => code(String(value))).join(', ')}`
  return `${description === '' ? '' : `${description} `}No effect${values}: ${noEffect.reason}.`
}

function code(text: string): string {
  return `\`${text}\``
}
