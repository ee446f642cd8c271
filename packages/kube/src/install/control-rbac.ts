import type { KubeDraft } from '../client/client.ts'
import { INSTALL_NAMES } from './install-names.ts'
import { clusterObject, type Installation, ownObject } from './installation.ts'
import { bindingBody, type PolicyRule, roleBody } from './rbac.ts'

const { authority, config, control, controlAccount, injector, joinTokens, lease, trustBundle, validator } =
  INSTALL_NAMES

const WATCH = ['get', 'list', 'watch'] as const
/** Of single objects, which are followed by their name. */
const KEEP = [...WATCH, 'patch'] as const

const ROUTES = ['grpcroutes', 'httproutes', 'tcproutes', 'tlsroutes'] as const
const OWN_KINDS = ['backendpolicies', 'faultpolicies', 'trafficpolicies', 'workloads'] as const

function statusOf(plurals: readonly string[]): readonly string[] {
  return plurals.map((plural) => `${plural}/status`)
}

/** What the control plane may do in the whole cluster. */
const CLUSTER_RULES: readonly PolicyRule[] = [
  { apiGroups: [''], resources: ['namespaces', 'nodes', 'pods', 'serviceaccounts', 'services'], verbs: WATCH },
  { apiGroups: ['discovery.k8s.io'], resources: ['endpointslices'], verbs: WATCH },
  { apiGroups: ['gateway.networking.k8s.io'], resources: [...ROUTES, 'referencegrants'], verbs: WATCH },
  { apiGroups: ['gateway.networking.k8s.io'], resources: statusOf(ROUTES), verbs: ['patch'] },
  { apiGroups: ['heddle.dev'], resources: OWN_KINDS, verbs: WATCH },
  { apiGroups: ['heddle.dev'], resources: statusOf(OWN_KINDS), verbs: ['patch'] },
  { apiGroups: ['authentication.k8s.io'], resources: ['tokenreviews'], verbs: ['create'] },
  {
    apiGroups: ['admissionregistration.k8s.io'],
    resources: ['mutatingwebhookconfigurations'],
    resourceNames: [injector],
    verbs: KEEP,
  },
  {
    apiGroups: ['admissionregistration.k8s.io'],
    resources: ['validatingwebhookconfigurations'],
    resourceNames: [validator],
    verbs: KEEP,
  },
]

/** What it may do in its own namespace. RBAC cannot limit "create" to names, hence the rules of their own. */
const OWN_RULES: readonly PolicyRule[] = [
  { apiGroups: [''], resources: ['secrets'], resourceNames: [authority], verbs: [...WATCH, 'update'] },
  { apiGroups: [''], resources: ['secrets'], resourceNames: [joinTokens], verbs: ['get', 'update'] },
  { apiGroups: [''], resources: ['configmaps'], resourceNames: [trustBundle], verbs: KEEP },
  { apiGroups: [''], resources: ['configmaps'], resourceNames: [config], verbs: WATCH },
  { apiGroups: [''], resources: ['configmaps', 'secrets'], verbs: ['create'] },
  { apiGroups: ['coordination.k8s.io'], resources: ['leases'], resourceNames: [lease], verbs: ['get', 'update'] },
  { apiGroups: ['coordination.k8s.io'], resources: ['leases'], verbs: ['create'] },
]

/** The account of the control plane and what it may do. */
export function controlRbac(installation: Installation): readonly KubeDraft[] {
  const subject = { kind: 'ServiceAccount', name: controlAccount, namespace: installation.namespace } as const
  return [
    clusterObject(installation, control, roleBody('ClusterRole', CLUSTER_RULES)),
    clusterObject(
      installation,
      control,
      bindingBody('ClusterRoleBinding', { kind: 'ClusterRole', name: control }, [subject]),
    ),
    ownObject(installation, control, roleBody('Role', OWN_RULES)),
    ownObject(installation, control, bindingBody('RoleBinding', { kind: 'Role', name: control }, [subject])),
  ]
}
