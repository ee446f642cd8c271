import { Code, ConnectError, type ServiceImpl } from '@connectrpc/connect'
import type { TelemetryService } from '@heddle/api/telemetry'
import type { InstanceClaims } from '../discovery/instance-claims.ts'
import type { TelemetryStore } from '../telemetry/telemetry-store.ts'
import { callerOf } from './gate.ts'

/** A proxy has at most 2,000 series of its own. */
const MAX_SERIES = 4_096

/** Puts the telemetry store behind Connect. Only who registered an instance may report for it. */
export function telemetryHandlers(store: TelemetryStore, claims: InstanceClaims): ServiceImpl<typeof TelemetryService> {
  return {
    report(request, context) {
      const caller = callerOf(context)
      claims.require(request, caller)
      if (request.epoch === '') throw new ConnectError('epoch: must be set', Code.InvalidArgument)
      if (request.series.length > MAX_SERIES) {
        throw new ConnectError(`series: at most ${MAX_SERIES} in one report`, Code.InvalidArgument)
      }
      store.report(request, caller.spiffeId)
      return {}
    },
  }
}
