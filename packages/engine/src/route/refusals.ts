import type { ProxyErrorCode } from '@heddle/api/proxy-errors'
import type { RefusalCause } from './route-decision.ts'

/** Which error tells the client of a refusal. */
export const REFUSALS: Readonly<Record<RefusalCause, ProxyErrorCode>> = {
  no_match: 'no_route_matched',
  no_backend: 'route_without_backend',
  unresolved_backend: 'backend_unresolved',
  path_too_long: 'path_too_long_to_match',
  header_too_long: 'header_too_long_to_match',
}
