import type { AccessSubject } from './install-values.ts'
import type { ObjectBody } from './installation.ts'

/** A rule of a Role or a ClusterRole. */
export interface PolicyRule {
  readonly apiGroups: readonly string[]
  readonly resources: readonly string[]
  readonly resourceNames?: readonly string[]
  readonly verbs: readonly string[]
}

const API_GROUP = 'rbac.authorization.k8s.io'
const API_VERSION = `${API_GROUP}/v1`

/** What a Role or ClusterRole of these rules says. */
export function roleBody(kind: 'Role' | 'ClusterRole', rules: readonly PolicyRule[]): ObjectBody {
  return { apiVersion: API_VERSION, kind, rules }
}

/** A binding of `role` to all of `subjects`. */
export function bindingBody(
  kind: 'RoleBinding' | 'ClusterRoleBinding',
  role: { readonly kind: 'Role' | 'ClusterRole'; readonly name: string },
  subjects: readonly AccessSubject[],
): ObjectBody {
  return {
    apiVersion: API_VERSION,
    kind,
    roleRef: { apiGroup: API_GROUP, ...role },
    subjects: subjects.map(toSubject),
  }
}

function toSubject({ kind, name, namespace }: AccessSubject): object {
  return kind === 'ServiceAccount' ? { kind, name, namespace } : { apiGroup: API_GROUP, kind, name }
}
