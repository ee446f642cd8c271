import type { MessageInitShape } from '@bufbuild/protobuf'
import type { GetHealthResponseSchema } from '@heddle/api/admin'
import { formatProblems } from '../config/configuration-problems.ts'
import type { AdminDeps } from './admin-handlers.ts'
import { toRootStatus } from './change-root.ts'

/** How the control plane is: its authority, its configuration, and the replicas beside it, which are asked. */
export async function getHealth(deps: AdminDeps): Promise<MessageInitShape<typeof GetHealthResponseSchema>> {
  const { ca, source, clock, replica, replicas } = deps
  const { silent } = await replicas.ask((client, signal) => client.ping({}, { signal }))
  const { rootNotAfterMs, issuerNotAfterMs } = ca.health()
  const { problems, appliedMs } = source.status()
  return {
    rootNotAfterMs: BigInt(rootNotAfterMs),
    issuerNotAfterMs: BigInt(issuerNotAfterMs),
    nowMs: BigInt(clock.nowMs()),
    configurationProblems: formatProblems(problems, 'error'),
    configurationWarnings: formatProblems(problems, 'warning'),
    configurationAppliedMs: BigInt(appliedMs),
    replicas: replicas.list().map((address) => ({ address, problem: silent.get(address) ?? '' })),
    replica,
    root: toRootStatus(ca),
  }
}
