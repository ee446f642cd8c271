import type { Kind } from '@heddle/api/kinds/table'
import type { Problem } from '@heddle/api/manifest/problem'
import type { FollowFailure } from './cluster-follower.ts'

/** What is not followed at present, as problems: what is in force may be out of date. */
export function toFailureProblems(failures: readonly FollowFailure[]): Problem[] {
  return failures.map(({ resource, message }) => {
    const reason = `cannot be read from the API server, so what was read last stays in force: ${message}`
    return { severity: 'error', file: resource, line: 0, column: 0, field: '', reason }
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
