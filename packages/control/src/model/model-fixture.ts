import { create } from '@bufbuild/protobuf'
import { type Node, NodeSchema } from '@heddle/api/discovery'
import type { Service } from '@heddle/api/kinds/service'
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
