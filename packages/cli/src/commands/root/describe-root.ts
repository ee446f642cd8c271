import { RootRole, type RootStatus, RootStep, type TrustedRoot } from '@heddle/api/admin'
import { formatRemaining, toIsoTime } from '../certificate-life.ts'

/** The words for roots and steps, as `-o json` has them. */
export const ROLE_WORDS: Readonly<Record<RootRole, string>> = {
  [RootRole.UNSPECIFIED]: 'unknown',
  [RootRole.PRESENT]: 'present',
  [RootRole.NEXT]: 'next',
  [RootRole.FORMER]: 'former',
}
export const STEP_WORDS: Readonly<Record<RootStep, string>> = {
  [RootStep.UNSPECIFIED]: 'unknown',
  [RootStep.STEADY]: 'steady',
  [RootStep.PREPARED]: 'prepared',
  [RootStep.ACTIVATED]: 'activated',
}

/** One sentence on what is under way with the root; `undefined`: nothing is. */
export function describeChange(root: RootStatus | undefined): string | undefined {
  if (root?.step !== RootStep.PREPARED && root?.step !== RootStep.ACTIVATED) return undefined
  const since = toIsoTime(root.sinceMs)
  const next = root.remainingMs === 0n ? 'shortly' : `in ${formatRemaining(Number(root.remainingMs))} at the earliest`
  return root.step === RootStep.PREPARED
    ? `the next root is prepared since ${since}, and signs ${next}`
    : `the new root signs since ${since}, and the former one is retired ${next}`
}

/** One sentence on when the root is changed by itself. */
export function describeSteady({ changesFromMs, roots }: RootStatus): string {
  if (changesFromMs > 0n) return `no change is under way; one begins by itself at ${toIsoTime(changesFromMs)}`
  const present = roots.find(({ role }) => role === RootRole.PRESENT)
  return isBrought(present)
    ? 'no change is under way; the root was brought, and is not changed by itself'
    : 'no change is under way'
}

function isBrought(root: TrustedRoot | undefined): boolean {
  return root?.brought === true
}
