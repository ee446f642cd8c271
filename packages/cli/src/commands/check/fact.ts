import { messageOf } from '@heddle/base/message-of'
import type { Verdict } from './check.ts'

/** Something that was looked up, or why it is not known. */
export type Fact<T> =
  | { readonly kind: 'known'; readonly value: T }
  | { readonly kind: 'unknown'; readonly reason: string; readonly hints: readonly string[] }

/** Looks something up; a failure is a fact as well. */
export async function learn<T>(ask: () => Promise<T>): Promise<Fact<T>> {
  try {
    return { kind: 'known', value: await ask() }
  } catch (error) {
    const hints = error instanceof Error && 'hints' in error && Array.isArray(error.hints) ? error.hints : []
    return { kind: 'unknown', reason: messageOf(error), hints: hints as readonly string[] }
  }
}

/** Judges what is known; what is not cannot be called well. */
export function judgeFact<T>(fact: Fact<T>, judge: (value: T) => Verdict): Verdict {
  if (fact.kind === 'known') return judge(fact.value)
  return {
    kind: 'warning',
    details: [`not known: ${fact.reason}`],
    remedy: hintsOf(fact, 'Look again as a user who may read it.'),
  }
}

/** As {@link judgeFact}, where not to know it is a failure of its own. */
export function requireFact<T>(fact: Fact<T>, judge: (value: T) => Verdict, remedy: string): Verdict {
  if (fact.kind === 'known') return judge(fact.value)
  return { kind: 'error', details: [fact.reason], remedy: hintsOf(fact, remedy) }
}

function hintsOf({ hints }: { readonly hints: readonly string[] }, otherwise: string): string {
  return hints.length === 0 ? otherwise : `${hints.join('; ')}.`
}
