import type { Kind } from '@heddle/api/kinds/table'
import type { Problem } from '@heddle/api/manifest/problem'
import { INSTALL_NAMES } from '@heddle/kube/install/names'
import type { FollowFailure, Standing } from './follow-failure.ts'

const CONSEQUENCES: Readonly<Record<Standing, string>> = {
  stale: 'what was read last stays in force',
  absent: 'none of them is in force',
  awaited: 'the control plane waits for it before it serves',
}

/** What is not followed at present, as problems: what is in force may be out of date. */
export function toFailureProblems(failures: readonly FollowFailure[]): Problem[] {
  return failures.map(({ resource, message, standing, lackingRight }) => {
    const reason = `cannot be read from the API server, so ${CONSEQUENCES[standing]}: ${message}`
    const remedy =
      lackingRight && `let ClusterRole ${INSTALL_NAMES.control} ${lackingRight}: heddle upgrade | kubectl apply -f -`
    return { severity: 'error', file: resource, line: 0, column: 0, field: '', reason, ...(remedy && { remedy }) }
  })
}

/** Kinds whose CRDs are missing, in one problem for each group that they come with. */
export function toMissingProblems(missing: readonly Kind[]): Problem[] {
  const groups = Map.groupBy(missing, ({ apiVersion }) => apiVersion.split('/')[0]!)
  return [...groups].map(([group, kinds]) => {
    const names = kinds.map(({ kind }) => kind).join(', ')
    const remedy =
      group === 'heddle.dev' ? 'heddle install --crds | kubectl apply -f -' : 'install the CRDs of the Gateway API'
    const reason = `not installed in this cluster: ${names}; they are followed as soon as they are`
    return { severity: 'warning', file: group, line: 0, column: 0, field: '', reason, remedy }
  })
}
