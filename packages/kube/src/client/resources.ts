import type { Resource } from './client.ts'

const RBAC = 'rbac.authorization.k8s.io/v1'
const ADMISSION = 'admissionregistration.k8s.io/v1'
const GATEWAY = 'gateway.networking.k8s.io/v1'
const HEDDLE = 'heddle.dev/v1alpha1'

export const NAMESPACES = clusterWide('v1', 'namespaces', 'Namespace')
export const NODES = clusterWide('v1', 'nodes', 'Node')
export const PODS = namespaced('v1', 'pods', 'Pod')
export const SERVICES = namespaced('v1', 'services', 'Service')
export const SERVICE_ACCOUNTS = namespaced('v1', 'serviceaccounts', 'ServiceAccount')
export const CONFIG_MAPS = namespaced('v1', 'configmaps', 'ConfigMap')
export const SECRETS = namespaced('v1', 'secrets', 'Secret')
export const EVENTS = namespaced('v1', 'events', 'Event')
export const ENDPOINT_SLICES = namespaced('discovery.k8s.io/v1', 'endpointslices', 'EndpointSlice')
export const DEPLOYMENTS = namespaced('apps/v1', 'deployments', 'Deployment')
export const REPLICA_SETS = namespaced('apps/v1', 'replicasets', 'ReplicaSet')
export const STATEFUL_SETS = namespaced('apps/v1', 'statefulsets', 'StatefulSet')
export const DAEMON_SETS = namespaced('apps/v1', 'daemonsets', 'DaemonSet')
export const JOBS = namespaced('batch/v1', 'jobs', 'Job')
export const CRON_JOBS = namespaced('batch/v1', 'cronjobs', 'CronJob')
export const POD_DISRUPTION_BUDGETS = namespaced('policy/v1', 'poddisruptionbudgets', 'PodDisruptionBudget')
export const LEASES = namespaced('coordination.k8s.io/v1', 'leases', 'Lease')
export const ROLES = namespaced(RBAC, 'roles', 'Role')
export const ROLE_BINDINGS = namespaced(RBAC, 'rolebindings', 'RoleBinding')
export const CLUSTER_ROLES = clusterWide(RBAC, 'clusterroles', 'ClusterRole')
export const CLUSTER_ROLE_BINDINGS = clusterWide(RBAC, 'clusterrolebindings', 'ClusterRoleBinding')
/** Webhooks that change objects. */
export const MUTATING_WEBHOOKS = clusterWide(ADMISSION, 'mutatingwebhookconfigurations', 'MutatingWebhookConfiguration')
/** Webhooks that refuse objects. */
export const VALIDATING_WEBHOOKS = clusterWide(
  ADMISSION,
  'validatingwebhookconfigurations',
  'ValidatingWebhookConfiguration',
)
/** CRDs. */
export const CUSTOM_RESOURCE_DEFINITIONS = clusterWide(
  'apiextensions.k8s.io/v1',
  'customresourcedefinitions',
  'CustomResourceDefinition',
)
export const GATEWAY_CLASSES = clusterWide(GATEWAY, 'gatewayclasses', 'GatewayClass')
export const GATEWAYS = namespaced(GATEWAY, 'gateways', 'Gateway')
export const HTTP_ROUTES = namespaced(GATEWAY, 'httproutes', 'HTTPRoute')
export const GRPC_ROUTES = namespaced(GATEWAY, 'grpcroutes', 'GRPCRoute')
export const TLS_ROUTES = namespaced(GATEWAY, 'tlsroutes', 'TLSRoute')
export const TCP_ROUTES = namespaced(GATEWAY, 'tcproutes', 'TCPRoute')
export const REFERENCE_GRANTS = namespaced(GATEWAY, 'referencegrants', 'ReferenceGrant')
export const WORKLOADS = namespaced(HEDDLE, 'workloads', 'Workload')
export const BACKEND_POLICIES = namespaced(HEDDLE, 'backendpolicies', 'BackendPolicy')
export const FAULT_POLICIES = namespaced(HEDDLE, 'faultpolicies', 'FaultPolicy')
export const TRAFFIC_POLICIES = namespaced(HEDDLE, 'trafficpolicies', 'TrafficPolicy')

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
  const { group, version } = splitVersion(apiVersion)
  const named = RESOURCES.find((resource) => resource.group === group && resource.kind === kind)
  return named === undefined || named.version === version ? named : { ...named, version }
}

/** The `apiVersion` that a manifest of this resource has. */
export function apiVersionOf({ group, version }: Resource): string {
  return group === '' ? version : `${group}/${version}`
}

function namespaced(apiVersion: string, plural: string, kind: string): Resource {
  return { ...splitVersion(apiVersion), plural, kind, namespaced: true }
}

function clusterWide(apiVersion: string, plural: string, kind: string): Resource {
  return { ...splitVersion(apiVersion), plural, kind, namespaced: false }
}

function splitVersion(apiVersion: string): Pick<Resource, 'group' | 'version'> {
  const slash = apiVersion.indexOf('/')
  return { group: slash < 0 ? '' : apiVersion.slice(0, slash), version: apiVersion.slice(slash + 1) }
}
