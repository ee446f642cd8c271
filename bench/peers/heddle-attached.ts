import type { StaticDestination } from '@heddle/api/static-config'
import type { Attached } from '../scenarios.ts'

/** As many as the promise about their cost speaks of. */
const ROUTES = 20
/** The one of them that the load goes by. */
const TAKEN = '/1k'

/** Destinations `next`, to which something is attached, and `backend`, which has the endpoints. */
export function attach(endpoints: StaticDestination['endpoints'], attached: Attached): readonly StaticDestination[] {
  const routes = Array.from({ length: ROUTES }, (_, n) => toRoute(n, attached))
  const outlierDetection = {
    consecutiveFailures: 5,
    intervalMs: 10_000,
    baseEjectionMs: 30_000,
    maxEjectionPercent: 10,
  }
  return [
    { name: 'next', endpoints: [], routes },
    { name: 'backend', endpoints, ...(attached === 'policies' && { policy: { outlierDetection } }) },
  ]
}

/** Half of them match by a header as well, so that the index alone does not decide. */
function toRoute(n: number, attached: Attached): NonNullable<StaticDestination['routes']>[number] {
  const path = { type: 'MATCH_TYPE_PREFIX', value: n === ROUTES - 1 ? TAKEN : `/shop/${n % 10}` } as const
  const header = { type: 'MATCH_TYPE_EXACT', name: 'x-version', value: `v${n}` } as const
  const match = n % 2 === 0 ? { path, headers: [header] } : { path }
  const retry = { attempts: 2, conditions: ['5xx', 'connect-failure'], backoffMs: 25 }
  const rule = { matches: [match], backends: [{ key: 'backend', weight: 1 }] }
  const rules = [attached === 'policies' ? { ...rule, retry } : rule]
  return { kind: 'ROUTE_KIND_HTTP', namespace: 'bench', name: `route-${n}`, rules }
}
