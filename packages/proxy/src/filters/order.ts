import type { Log } from '@heddle/base/log'
import type { ServedWorkload } from '../listener-config.ts'
import { accessLog } from './access-log.ts'
import type { Filter } from './filter.ts'

/** Every filter, in the order `onRequest` runs; `onResponse` and `onEnd` run backwards. */
const FILTER_ORDER = [
  'access-log', // first, so that it ends last and sees what all others made of the exchange
  'decision-records', // likewise; no other filter can answer before it has seen the request
] as const

/** The filters that `workload` asks for, in order. */
export function createFilters(workload: ServedWorkload, log: Log): readonly Filter[] {
  const filters: Filter[] = []
  for (const name of FILTER_ORDER) {
    switch (name) {
      case 'access-log': {
        const which = workload.accessLog ?? 'failures'
        if (which !== 'off') filters.push(accessLog(which, log))
        break
      }
      case 'decision-records': {
        const { records } = workload.context
        if (records !== undefined) filters.push(records)
      }
    }
  }
  return filters
}
