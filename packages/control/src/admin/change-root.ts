import type { MessageInitShape } from '@bufbuild/protobuf'
import { Code, ConnectError } from '@connectrpc/connect'
import {
  type ChangeRootRequest,
  type ChangeRootResponseSchema,
  RootAction,
  RootRole,
  type RootStatusSchema,
  RootStep,
} from '@heddle/api/admin'
import type { Log } from '@heddle/base/log'
import { CaError } from '../ca/ca-error.ts'
import type { CertificateAuthority } from '../ca/certificate-authority.ts'
import { RootStepError } from '../ca/root-steps.ts'

interface ChangeRootDeps {
  readonly ca: Pick<CertificateAuthority, 'roots'>
  readonly log: Log
}

/**
 * Takes one step of a change of the root, for a person.
 *
 * @throws {ConnectError} failedPrecondition: it cannot follow upon the present step, or the authority cannot be changed; invalidArgument: no step
 */
export async function changeRoot(
  { action }: ChangeRootRequest,
  { ca, log }: ChangeRootDeps,
): Promise<MessageInitShape<typeof ChangeRootResponseSchema>> {
  const { roots } = ca
  try {
    await take(action, roots)
  } catch (error) {
    const isRefusal = error instanceof RootStepError || error instanceof CaError
    if (isRefusal) throw new ConnectError(error.message, Code.FailedPrecondition)
    throw error
  }
  log.warn('root changed by a person', { action: RootAction[action], step: roots.status().step })
  return { root: toRootStatus(ca) }
}

function take(action: RootAction, roots: CertificateAuthority['roots']): Promise<void> {
  switch (action) {
    case RootAction.ROTATE:
      return roots.rotate()
    case RootAction.ACTIVATE:
      return roots.activateNow()
    case RootAction.RETIRE:
      return roots.retireNow()
    default:
      throw new ConnectError(`${action} is no step of a change of the root`, Code.InvalidArgument)
  }
}

const STEPS = { steady: RootStep.STEADY, prepared: RootStep.PREPARED, activated: RootStep.ACTIVATED } as const
const ROLES = { present: RootRole.PRESENT, next: RootRole.NEXT, former: RootRole.FORMER } as const

/** The roots that are trusted, as the admin service tells of them. */
export function toRootStatus({ roots }: ChangeRootDeps['ca']): MessageInitShape<typeof RootStatusSchema> {
  const { step, roots: trusted, sinceMs, remainingMs, changesFromMs = 0, problem } = roots.status()
  return {
    step: STEPS[step],
    roots: trusted.map(({ role, fingerprint, notBeforeMs, notAfterMs, isOwn }) => ({
      role: ROLES[role],
      fingerprint,
      notBeforeMs: BigInt(notBeforeMs),
      notAfterMs: BigInt(notAfterMs),
      brought: !isOwn,
    })),
    sinceMs: BigInt(sinceMs),
    remainingMs: BigInt(Math.ceil(remainingMs)),
    changesFromMs: BigInt(Math.ceil(changesFromMs)),
    problem,
  }
}
