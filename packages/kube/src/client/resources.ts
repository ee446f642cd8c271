import type { Resource } from './client.ts'

const CORE = { group: '', version: 'v1', namespaced: true } as const
const CLUSTER_CORE = { ...CORE, namespaced: false } as const
const APPS = { group: 'apps', version: 'v1', namespaced: true } as const
const BATCH = { group: 'batch', version: 'v1', namespaced: true } as const
const RBAC = { group: 'rbac.authorization.k8s.io', version: 'v1' } as const
const ADMISSION = { group: 'admissionregistration.k8s.io', version: 'v1', namespaced: false } as const
const GATEWAY = { group: 'gateway.networking.k8s.io', version: 'v1', namespaced: true } as const
const HEDDLE = { group: 'heddle.dev', version: 'v1alpha1', namespaced: true } as const

export const NAMESPACES: Resource = { ...CLUSTER_CORE, plural: 'namespaces', kind: 'Namespace' }
export const NODES: Resource = { ...CLUSTER_CORE, plural: 'nodes', kind: 'Node' }
export const PODS: Resource = { ...CORE, plural: 'pods', kind: 'Pod' }
export const SERVICES: Resource = { ...CORE, plural: 'services', kind: 'Service' }
export const SERVICE_ACCOUNTS: Resource = { ...CORE, plural: 'serviceaccounts', kind: 'ServiceAccount' }
export const CONFIG_MAPS: Resource = { ...CORE, plural: 'configmaps', kind: 'ConfigMap' }
export const SECRETS: Resource = { ...CORE, plural: 'secrets', kind: 'Secret' }
export const EVENTS: Resource = { ...CORE, plural: 'events', kind: 'Event' }
export const ENDPOINT_SLICES: Resource = {
  group: 'discovery.k8s.io',
  version: 'v1',
  plural: 'endpointslices',
  kind: 'EndpointSlice',
  namespaced: true,
}

export const DEPLOYMENTS: Resource = { ...APPS, plural: 'deployments', kind: 'Deployment' }
export const REPLICA_SETS: Resource = { ...APPS, plural: 'replicasets', kind: 'ReplicaSet' }
export const STATEFUL_SETS: Resource = { ...APPS, plural: 'statefulsets', kind: 'StatefulSet' }
export const DAEMON_SETS: Resource = { ...APPS, plural: 'daemonsets', kind: 'DaemonSet' }
export const JOBS: Resource = { ...BATCH, plural: 'jobs', kind: 'Job' }
export const CRON_JOBS: Resource = { ...BATCH, plural: 'cronjobs', kind: 'CronJob' }
export const POD_DISRUPTION_BUDGETS: Resource = {
  group: 'policy',
  version: 'v1',
  plural: 'poddisruptionbudgets',
  kind: 'PodDisruptionBudget',
  namespaced: true,
}
export const LEASES: Resource = {
  group: 'coordination.k8s.io',
  version: 'v1',
  plural: 'leases',
  kind: 'Lease',
  namespaced: true,
}

export const ROLES: Resource = { ...RBAC, plural: 'roles', kind: 'Role', namespaced: true }
export const ROLE_BINDINGS: Resource = { ...RBAC, plural: 'rolebindings', kind: 'RoleBinding', namespaced: true }
export const CLUSTER_ROLES: Resource = { ...RBAC, plural: 'clusterroles', kind: 'ClusterRole', namespaced: false }
export const CLUSTER_ROLE_BINDINGS: Resource = {
  ...RBAC,
  plural: 'clusterrolebindings',
  kind: 'ClusterRoleBinding',
  namespaced: false,
}
export const MUTATING_WEBHOOKS: Resource = {
  ...ADMISSION,
  plural: 'mutatingwebhookconfigurations',
  kind: 'MutatingWebhookConfiguration',
}
export const VALIDATING_WEBHOOKS: Resource = {
  ...ADMISSION,
  plural: 'validatingwebhookconfigurations',
  kind: 'ValidatingWebhookConfiguration',
}
export const CUSTOM_RESOURCE_DEFINITIONS: Resource = {
  group: 'apiextensions.k8s.io',
  version: 'v1',
  plural: 'customresourcedefinitions',
  kind: 'CustomResourceDefinition',
  namespaced: false,
}

export const GATEWAY_CLASSES: Resource = {
  ...GATEWAY,
  plural: 'gatewayclasses',
  kind: 'GatewayClass',
  namespaced: false,
}
export const GATEWAYS: Resource = { ...GATEWAY, plural: 'gateways', kind: 'Gateway' }
export const HTTP_ROUTES: Resource = { ...GATEWAY, plural: 'httproutes', kind: 'HTTPRoute' }
export const GRPC_ROUTES: Resource = { ...GATEWAY, plural: 'grpcroutes', kind: 'GRPCRoute' }
export const TLS_ROUTES: Resource = { ...GATEWAY, plural: 'tlsroutes', kind: 'TLSRoute' }
export const TCP_ROUTES: Resource = { ...GATEWAY, plural: 'tcproutes', kind: 'TCPRoute' }
export const REFERENCE_GRANTS: Resource = { ...GATEWAY, plural: 'referencegrants', kind: 'ReferenceGrant' }

export const WORKLOADS: Resource = { ...HEDDLE, plural: 'workloads', kind: 'Workload' }
export const BACKEND_POLICIES: Resource = { ...HEDDLE, plural: 'backendpolicies', kind: 'BackendPolicy' }
export const FAULT_POLICIES: Resource = { ...HEDDLE, plural: 'faultpolicies', kind: 'FaultPolicy' }
export const TRAFFIC_POLICIES: Resource = { ...HEDDLE, plural: 'trafficpolicies', kind: 'TrafficPolicy' }

/** Every resource that this file names. */
export const RESOURCES: readonly Resource[] = [
  NAMESPACES,
  NODES,
  PODS,
  SERVICES,
  SERVICE_ACCOUNTS,
  CONFIG_MAPS,
  SECRETS,
  EVENTS,
  ENDPOINT_SLICES,
  DEPLOYMENTS,
  REPLICA_SETS,
  STATEFUL_SETS,
  DAEMON_SETS,
  JOBS,
  CRON_JOBS,
  POD_DISRUPTION_BUDGETS,
  LEASES,
  ROLES,
  ROLE_BINDINGS,
  CLUSTER_ROLES,
  CLUSTER_ROLE_BINDINGS,
  MUTATING_WEBHOOKS,
  VALIDATING_WEBHOOKS,
  CUSTOM_RESOURCE_DEFINITIONS,
  GATEWAY_CLASSES,
  GATEWAYS,
  HTTP_ROUTES,
  GRPC_ROUTES,
  TLS_ROUTES,
  TCP_ROUTES,
  REFERENCE_GRANTS,
  WORKLOADS,
  BACKEND_POLICIES,
  FAULT_POLICIES,
  TRAFFIC_POLICIES,
]

/**
 * The resource of a manifest's `apiVersion` and `kind`, without asking the cluster; `undefined` for kinds that this file does not
 * name. Another version of a named group gives the resource at that version.
 */
export function resourceOf(apiVersion: string, kind: string): Resource | undefined {
  const slash = apiVersion.indexOf('/')
  const group = slash < 0 ? '' : apiVersion.slice(0, slash)
  const version = apiVersion.slice(slash + 1)
  const named = RESOURCES.find((resource) => resource.group === group && resource.kind === kind)
  return named === undefined || named.version === version ? named : { ...named, version }
}

/** The `apiVersion` that a manifest of this resource has. */
export function apiVersionOf({ group, version }: Resource): string {
  return group === '' ? version : `${group}/${version}`
}
