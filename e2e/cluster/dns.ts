import { COREDNS_IMAGE } from './images/test-images.ts'

const NAMESPACE = 'kube-system'
const LABELS = { 'k8s-app': 'kube-dns' }
const METADATA = { name: 'coredns', namespace: NAMESPACE }
const RBAC = 'rbac.authorization.k8s.io'

/** No name beyond the cluster: tests ask nobody outside. Short times, since Services come and go. */
const COREFILE = `.:53 {
  errors
  health {
    lameduck 0s
  }
  ready
  kubernetes cluster.local in-addr.arpa ip6.arpa {
    pods insecure
    ttl 5
  }
  cache 5
  loadbalance
}
`

/** The cluster's DNS, with the names that Kubernetes users know. */
export function dnsObjects(address: string): readonly object[] {
  return [
    { apiVersion: 'v1', kind: 'ServiceAccount', metadata: METADATA },
    ...roles(),
    { apiVersion: 'v1', kind: 'ConfigMap', metadata: METADATA, data: { Corefile: COREFILE } },
    deployment(),
    service(address),
  ]
}

function roles(): readonly object[] {
  const metadata = { name: 'system:coredns' }
  const verbs = ['list', 'watch']
  return [
    {
      apiVersion: `${RBAC}/v1`,
      kind: 'ClusterRole',
      metadata,
      rules: [
        { apiGroups: [''], resources: ['endpoints', 'services', 'pods', 'namespaces'], verbs },
        { apiGroups: ['discovery.k8s.io'], resources: ['endpointslices'], verbs },
      ],
    },
    {
      apiVersion: `${RBAC}/v1`,
      kind: 'ClusterRoleBinding',
      metadata,
      roleRef: { apiGroup: RBAC, kind: 'ClusterRole', name: metadata.name },
      subjects: [{ kind: 'ServiceAccount', ...METADATA }],
    },
  ]
}

function deployment(): object {
  const container = {
    name: 'coredns',
    image: COREDNS_IMAGE,
    imagePullPolicy: 'Never',
    args: ['-conf', '/etc/coredns/Corefile'],
    volumeMounts: [{ name: 'config', mountPath: '/etc/coredns', readOnly: true }],
    readinessProbe: { httpGet: { path: '/ready', port: 8181 }, periodSeconds: 1, timeoutSeconds: 5 },
    // As in the manifests of Kubernetes: one that asks for nothing waits for all others, and all others for it.
    resources: { requests: { cpu: '100m', memory: '70Mi' } },
  }
  const spec = {
    serviceAccountName: 'coredns',
    priorityClassName: 'system-cluster-critical',
    dnsPolicy: 'Default',
    tolerations: [{ operator: 'Exists' }],
    terminationGracePeriodSeconds: 1,
    containers: [container],
    volumes: [{ name: 'config', configMap: { name: 'coredns' } }],
  }
  const template = { metadata: { labels: LABELS }, spec }
  return {
    apiVersion: 'apps/v1',
    kind: 'Deployment',
    metadata: { ...METADATA, labels: LABELS },
    spec: { replicas: 1, selector: { matchLabels: LABELS }, template },
  }
}

function service(address: string): object {
  const port = (name: string, protocol: string) => ({ name, port: 53, protocol })
  return {
    apiVersion: 'v1',
    kind: 'Service',
    metadata: { name: 'kube-dns', namespace: NAMESPACE, labels: LABELS },
    spec: { clusterIP: address, selector: LABELS, ports: [port('dns', 'UDP'), port('dns-tcp', 'TCP')] },
  }
}
