import type { ProxyErrorCode } from '@heddle/api/proxy-errors'
import type { Clock } from '@heddle/base/clock'
import type { Log } from '@heddle/base/log'
import type { LogLimit } from '@heddle/base/log-limit'
import type { PickTrace } from '@heddle/engine/balance/pick-trace'
import type { DecideContext } from '@heddle/engine/route/decision'
import type { HttpFault } from '@heddle/http/errors'
import type { H1Limits } from '@heddle/http/h1-limits'
import type { H2Limits } from '@heddle/http/h2-limits'
import type { LoopGuard } from './accept/loop-guard.ts'
import type { Upgrades } from './exchange/upgrades.ts'
import type { Deadlines } from './grpc/deadlines.ts'
import type { LimitName, Limits } from './limits.ts'
import type { Ticker } from './net/ticker.ts'
import type { Turn } from './net/turn.ts'
import type { RoutingMetrics } from './routing/routing-metrics.ts'
import type { OutgoingCount } from './upstream/outgoing-count.ts'
import type { ResilienceCounters } from './upstream/resilience-counters.ts'

/** What the whole process shares; all else hangs from a workload. */
export interface ProxyCore {
  readonly clock: Clock
  readonly log: Log
  /** For lines that clients can cause as often as they like. */
  readonly refusals: LogLimit
  readonly limits: Limits
  /** Bounds of sessions facing clients, and facing servers. */
  readonly serverLimits: H1Limits
  readonly clientLimits: H1Limits
  readonly h2ServerLimits: H2Limits
  readonly h2ClientLimits: H2Limits
  readonly ticker: Ticker
  /** Those that clients of gRPC set. */
  readonly deadlines: Deadlines
  readonly turn: Turn
  readonly loopGuard: LoopGuard
  readonly outgoing: OutgoingCount
  readonly upgrades: Upgrades
  readonly resilience: ResilienceCounters
  /** What decisions about requests depend on beside table and request. */
  readonly deciding: DecideContext
  readonly routing: RoutingMetrics
  readonly random: () => number
  /** How the last pick went; whoever begins a try with what was picked keeps it. One for all, so that a request costs no memory by it. */
  readonly lastPick: PickTrace
  /** Counts that a limit was reached. */
  limitReached(name: LimitName): void
  /** Counts what a client did that HTTP does not allow. */
  faulted(fault: HttpFault): void
  /** Counts a decision record, by why it is kept. */
  recorded(keptAs: string): void
  /** Counts a failure, of a request or of what came to none. */
  failed(code: ProxyErrorCode): void
}
