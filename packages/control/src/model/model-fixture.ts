import { create } from '@bufbuild/protobuf'
import { type Node, NodeSchema } from '@heddle/api/discovery'
import type { HttpRoute } from '@heddle/api/kinds/http-route'
import type { PolicyTargetRef } from '@heddle/api/kinds/policy-target'
import type { ReferenceGrant } from '@heddle/api/kinds/reference-grant'
import type { Service } from '@heddle/api/kinds/service'
import type { TcpRoute } from '@heddle/api/kinds/stream-route'
import type { TrafficPolicy } from '@heddle/api/kinds/traffic-policy'
import type { Workload } from '@heddle/api/kinds/workload'

/** A Service in namespace `shop` that selects Workloads labelled `app: NAME`, with port 80 to their port `http`. */
export function givenService(name: string, spec: Partial<Service['spec']> = {}): Service {
  return {
    apiVersion: 'v1',
    kind: 'Service',
    metadata: { name, namespace: 'shop', labels: {}, annotations: {} },
    spec: {
      type: 'ClusterIP',
      selector: { app: name },
      ports: [{ name: '', port: 80, protocol: 'TCP', targetPort: 'http' }],
      clusterIPs: [],
      publishNotReadyAddresses: false,
      ...spec,
    },
  }
}

/** A Workload in namespace `shop` labelled `app: NAME`, with the port `http` at 8080. */
export function givenWorkload(
  name: string,
  more: { readonly labels?: Readonly<Record<string, string>> } & Partial<Workload['spec']> = {},
): Workload {
  const { labels = { app: name }, ...spec } = more
  return {
    apiVersion: 'heddle.dev/v1alpha1',
    kind: 'Workload',
    metadata: { name, namespace: 'shop', labels, annotations: {} },
    spec: {
      serviceAccount: 'default',
      ports: [{ name: 'http', port: 8080, protocol: 'TCP' }],
      ...(spec.addresses === undefined && { command: ['serve'] }),
      args: [],
      replicas: 1,
      env: [],
      terminationGracePeriodSeconds: 30,
      restartPolicy: 'Always',
      ...spec,
    },
  }
}

/** An instance of a Workload in namespace `shop`, reached at `address` and port 8080. */
export function givenNode(workload: string, instance: string, address: string): Node {
  const ports = [{ name: 'http', port: 8080, address, addressPort: 8080 }]
  return create(NodeSchema, {
    namespace: 'shop',
    workload,
    instance,
    serviceAccount: 'default',
    labels: { app: workload },
    ports,
  })
}

/** What differs between routes of a test. */
export interface GivenRoute {
  readonly name: string
  readonly namespace?: string
  /** Name of a Service in namespace `shop`. */
  readonly parent: string
  readonly port?: number
  /** `NAMESPACE/NAME` of Services, for port 80. */
  readonly backends: readonly string[]
}

/** An HTTPRoute with one rule for every path. */
export function givenHttpRoute({ name, namespace = 'shop', parent, port, backends }: GivenRoute): HttpRoute {
  const parentRef = { group: '', kind: 'Service', namespace: 'shop', name: parent, ...(port !== undefined && { port }) }
  return {
    apiVersion: 'gateway.networking.k8s.io/v1',
    kind: 'HTTPRoute',
    metadata: { name, namespace, labels: {}, annotations: {} },
    spec: {
      parentRefs: [parentRef],
      hostnames: [],
      rules: [
        {
          name: 'only',
          matches: [{ path: { type: 'PathPrefix', value: '/' }, headers: [], queryParams: [] }],
          filters: [],
          backendRefs: backends.map((backend) => givenBackend(backend)),
          timeouts: {},
        },
      ],
    },
  }
}

/** A TCPRoute, which gives way to every HTTPRoute. */
export function givenTcpRoute({ name, namespace = 'shop', parent, backends }: GivenRoute): TcpRoute {
  return {
    apiVersion: 'gateway.networking.k8s.io/v1',
    kind: 'TCPRoute',
    metadata: { name, namespace, labels: {}, annotations: {} },
    spec: {
      parentRefs: [{ group: '', kind: 'Service', namespace: 'shop', name: parent }],
      rules: [{ backendRefs: backends.map((backend) => givenBackend(backend)) }],
    },
  }
}

function givenBackend(backend: string) {
  const [namespace = '', name = ''] = backend.split('/')
  return { group: '', kind: 'Service', namespace, name, port: 80, weight: 1, filters: [] }
}

/** Lets routes of `namespace` refer to every Service of namespace `shop`. */
export function givenGrant(name: string, namespace: string): ReferenceGrant {
  return {
    apiVersion: 'gateway.networking.k8s.io/v1',
    kind: 'ReferenceGrant',
    metadata: { name, namespace: 'shop', labels: {}, annotations: {} },
    spec: {
      from: [{ group: 'gateway.networking.k8s.io', kind: 'HTTPRoute', namespace }],
      to: [{ group: '', kind: 'Service' }],
    },
  }
}

/** A TrafficPolicy in namespace `shop` with a timeout, for a Service or an HTTPRoute. */
export function givenTrafficPolicy(name: string, target: PolicyTargetRef, request: string): TrafficPolicy {
  return {
    apiVersion: 'heddle.dev/v1alpha1',
    kind: 'TrafficPolicy',
    metadata: { name, namespace: 'shop', labels: {}, annotations: {} },
    spec: { targetRefs: [target], timeouts: { request }, honourRetryAfter: true },
  }
}
