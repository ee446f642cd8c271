import type { Log } from '@heddle/base/log'
import type { ServedWorkload } from '../listener-config.ts'
import { accessLog } from './access-log.ts'
import type { Filter } from './filter.ts'

/**
 * The filters that `workload` asks for, in the order in which `onRequest` runs; `onResponse` and `onEnd` run backwards. Each has the
 * reason for its place.
 */
export function createFilters({ accessLog: which = 'failures', context }: ServedWorkload, log: Log): readonly Filter[] {
  const filters = [
    // First, so that it ends last and sees what all others made of the exchange.
    which === 'off' ? undefined : accessLog(which, log),
    // Likewise.
    context.records,
  ]
  return filters.filter((filter) => filter !== undefined)
}
