import type { KubeDraft } from '../client/client.ts'
import { INSTALL_NAMES } from './install-names.ts'
import type { AccessSubject } from './install-values.ts'
import { clusterObject, type Installation, ownObject } from './installation.ts'
import { bindingBody, type PolicyRule, roleBody } from './rbac.ts'

const { config, operatorAccount, trustBundle, viewerAccount } = INSTALL_NAMES

/**
 * Who may ask the control plane. The command line forwards a port to one of its pods and shows a token of one of two ServiceAccounts, so
 * a Role in the installation's namespace decides. These are not aggregated to the cluster's own `view` and `admin`, which
 * are given for other namespaces and would reach into this one.
 */
export function accessRbac(installation: Installation): readonly KubeDraft[] {
  const { viewers, operators } = installation.values.access
  return [
    ownObject(installation, viewerAccount, roleBody('Role', askingAs([viewerAccount]))),
    ownObject(installation, operatorAccount, roleBody('Role', askingAs([viewerAccount, operatorAccount]))),
    ...bindingOf(installation, viewerAccount, viewers),
    ...bindingOf(installation, operatorAccount, operators),
    ...objectRoles(installation),
  ]
}

function askingAs(accounts: readonly string[]): readonly PolicyRule[] {
  return [
    { apiGroups: [''], resources: ['serviceaccounts/token'], resourceNames: accounts, verbs: ['create'] },
    { apiGroups: [''], resources: ['pods'], verbs: ['get', 'list'] },
    // By a WebSocket the first is asked for, and by newer API servers the second.
    { apiGroups: [''], resources: ['pods/portforward'], verbs: ['get', 'create'] },
    { apiGroups: [''], resources: ['configmaps'], resourceNames: [config, trustBundle], verbs: ['get'] },
  ]
}

function bindingOf(installation: Installation, role: string, subjects: readonly AccessSubject[]): readonly KubeDraft[] {
  if (subjects.length === 0) return []
  const named = subjects.map((one) => ({ namespace: installation.namespace, ...one }))
  return [ownObject(installation, role, bindingBody('RoleBinding', { kind: 'Role', name: role }, named))]
}

const OBJECTS = { apiGroups: ['heddle.dev'], resources: ['*'] } as const
const AGGREGATE = 'rbac.authorization.k8s.io/aggregate-to-'

/** Who may read or write the objects of a namespace may read or write those of Heddle's kinds in it. */
function objectRoles(installation: Installation): readonly KubeDraft[] {
  return [
    aggregated(installation, 'heddle-objects-view', {
      to: ['view'],
      rules: [{ ...OBJECTS, verbs: ['get', 'list', 'watch'] }],
    }),
    aggregated(installation, 'heddle-objects-edit', {
      to: ['edit', 'admin'],
      rules: [{ ...OBJECTS, verbs: ['create', 'update', 'patch', 'delete', 'deletecollection'] }],
    }),
  ]
}

function aggregated(
  installation: Installation,
  name: string,
  { to, rules }: { readonly to: readonly string[]; readonly rules: readonly PolicyRule[] },
): KubeDraft {
  const role = clusterObject(installation, name, roleBody('ClusterRole', rules))
  const labels = { ...role.metadata.labels, ...Object.fromEntries(to.map((one) => [`${AGGREGATE}${one}`, 'true'])) }
  return { ...role, metadata: { ...role.metadata, labels } }
}
