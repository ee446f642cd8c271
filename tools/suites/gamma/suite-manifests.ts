import { resolve } from 'node:path'
import { parse, stringify } from 'yaml'

/** What is read of a Deployment. */
interface Deployment {
  readonly kind: 'Deployment'
  readonly metadata: { readonly name: string; readonly namespace: string }
  readonly spec: { readonly replicas?: number; readonly template: PodTemplate }
}

interface PodTemplate {
  readonly metadata: { readonly labels: Readonly<Record<string, string>> }
  readonly spec: { readonly containers: readonly { readonly args?: readonly string[] }[] }
}

interface Port {
  readonly name: 'http' | 'grpc' | 'tcp'
  readonly port: number
}

const ECHO_SERVER = resolve(import.meta.dirname, '../../../e2e/apps/conformance-echo.ts')

/**
 * The suite's manifests as a directory of `heddle up` has them: every document is left as it is, but Deployments of the suite's
 * echo image become Workloads of our echo server, with the same labels, replicas and ports.
 */
export function toMeshManifests(text: string): string {
  const documents = text.split(/^---$/m).filter((document) => document.trim() !== '')
  return documents.map((document) => toMeshManifest(document.trim())).join('\n---\n')
}

function toMeshManifest(document: string): string {
  const object = parse(document) as Deployment | { readonly kind: string }
  return isDeployment(object) ? stringify(toWorkload(object)).trimEnd() : document
}

function isDeployment(object: { readonly kind: string }): object is Deployment {
  return object.kind === 'Deployment'
}

function toWorkload({ metadata, spec }: Deployment): object {
  const { labels } = spec.template.metadata
  const ports = readPorts(spec.template.spec.containers[0]?.args ?? [])
  const [first] = ports
  return {
    apiVersion: 'heddle.dev/v1alpha1',
    kind: 'Workload',
    metadata: { name: metadata.name, namespace: metadata.namespace, labels },
    spec: {
      replicas: spec.replicas ?? 1,
      command: [process.execPath, ECHO_SERVER],
      ports,
      env: [
        { name: 'NAMESPACE', value: metadata.namespace },
        { name: 'POD_NAME', valueFrom: { fieldRef: { fieldPath: 'metadata.name' } } },
        { name: 'BIND_ADDRESS', valueFrom: { fieldRef: { fieldPath: 'status.address' } } },
        ...ports.map(({ name }) => ({ name: `${name.toUpperCase()}_PORT`, valueFrom: { portRef: { name } } })),
      ],
      ...(first === undefined ? {} : { healthCheck: { tcpSocket: { port: first.name }, periodSeconds: 1 } }),
    },
  }
}

/** From the options of the image. A port with TLS is asked by no case of a mesh. */
function readPorts(args: readonly string[]): readonly Port[] {
  const option = (name: string): readonly number[] =>
    args.filter((arg) => arg.startsWith(`--${name}=`)).map((arg) => Number(arg.slice(name.length + 3)))
  const secured = option('tls')
  const of = (name: Port['name'], numbers: readonly number[]) => numbers.map((port) => ({ name, port }))
  return [
    ...of(
      'http',
      option('port').filter((port) => !secured.includes(port)),
    ),
    ...of('grpc', option('grpc')),
    ...of('tcp', option('tcp')),
  ]
}
