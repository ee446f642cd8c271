import { messageOf } from '@heddle/base/message-of'
import type { OnBug } from '../src/process/bug-log.ts'

/** Keeps what is told, as `WORK: MESSAGE`. */
export function bugList(): { readonly bugs: string[]; readonly onBug: OnBug } {
  const bugs: string[] = []
  return { bugs, onBug: (work, error) => void bugs.push(`${work}: ${messageOf(error)}`) }
}

/** For where none is expected. */
export const noBug: OnBug = (_work, error) => {
  throw error
}
