import { knownAppProtocols } from './app-protocol.ts'
import { code, renderTable } from './field-table.ts'
import { namespaceSchema, serviceAccountSchema } from './namespace-schema.ts'
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

${renderTable(workloadSchema, { brief: ['metadata'] })}
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

${renderTable(namespaceSchema, { brief: ['metadata'] })}

## ServiceAccount

\`v1\`. The name of an identity: \`spiffe://TRUST_DOMAIN/ns/NAMESPACE/sa/NAME\`.

Further fields of \`metadata\` as in Service.

${renderTable(serviceAccountSchema, { brief: ['metadata'] })}

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
