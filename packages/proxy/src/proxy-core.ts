import type { Clock } from '@heddle/base/clock'
import type { Log } from '@heddle/base/log'
import type { LogLimit } from '@heddle/base/log-limit'
import type { H1Limits } from '@heddle/http/h1-limits'
import type { LoopGuard } from './accept/loop-guard.ts'
import type { LimitName, Limits } from './limits.ts'
import type { Ticker } from './net/ticker.ts'
import type { Turn } from './net/turn.ts'
import type { OutgoingCount } from './upstream/outgoing-count.ts'

/** What the whole process shares; all else hangs from a workload. */
export interface ProxyCore {
  readonly clock: Clock
  readonly log: Log
  /** For lines that clients can cause as often as they like. */
  readonly refusals: LogLimit
  readonly limits: Limits
  /** Bounds of HTTP/1 sessions facing clients, and facing servers. */
  readonly serverLimits: H1Limits
  readonly clientLimits: H1Limits
  readonly ticker: Ticker
  readonly turn: Turn
  readonly loopGuard: LoopGuard
  readonly outgoing: OutgoingCount
  readonly random: () => number
  /** Counts that a limit was reached. */
  limitReached(name: LimitName): void
  /** Counts a failure that no request can tell of. */
  failed(code: string, source: string): void
}
