import type { Clock } from '@heddle/base/clock'
import type { Log } from '@heddle/base/log'
import { LogLimit } from '@heddle/base/log-limit'
import { messageOf } from '@heddle/base/message-of'
import type { Registry } from '@heddle/telemetry/registry'

/** What was being done when something failed that nobody foresaw, and what it cost: one request, one connection, one run of the rest. */
export type Work =
  | 'request'
  | 'connection'
  | 'housekeeping'
  | 'health_check'
  | 'telemetry'
  | 'discovery'
  | 'certificate'

/** To be told by whoever has ended what `error` failed for; all else goes on. */
export type OnBug = (work: Work, error: unknown) => void

/** Where {@link createBugLog} writes and counts. */
export interface BugLogDeps {
  readonly clock: Clock
  readonly log: Log
  readonly meter: Registry
}

/** Counts each bug that is met, and bounds the lines that tell of them: it may come with every request. */
export function createBugLog({ clock, log, meter }: BugLogDeps): OnBug {
  const lines = new LogLimit(log, clock)
  const counters = meter.counters('heddle_unexpected_failures_total', {
    help: 'What failed in the proxy in a way that nobody foresaw, by the work that it cost.',
    labels: ['work'],
  })
  return (work, error) => {
    counters.with(work).add()
    const kind = `${work} ${messageOf(error)}`
    lines.write({ level: 'error', event: 'unexpected failure', kind, fields: { work, error } })
  }
}
