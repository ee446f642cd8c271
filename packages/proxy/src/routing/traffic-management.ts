import { decideConnection } from '@heddle/engine/route/connection'
import { checkTreatment } from '../discovery/check-treatment.ts'
import { BackendState } from '../upstream/backend-state.ts'
import { startTries } from '../upstream/start-tries.ts'
import { routeRequest } from './route-request.ts'
import { compileRouting, needsExpressions } from './routing.ts'

/**
 * All that is done about what is attached to Services: routes, faults, policies. To be loaded by `LaterCode` only, and to be imported by
 * nothing else than its type: most proxies do without it.
 */
export const TRAFFIC_MANAGEMENT = {
  checkTreatment,
  compileRouting,
  needsExpressions,
  routeRequest,
  decideConnection,
  startTries,
  BackendState,
} as const

/** What {@link TRAFFIC_MANAGEMENT} can do. */
export type TrafficManagement = typeof TRAFFIC_MANAGEMENT
