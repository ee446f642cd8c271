import { Code, ConnectError, type ServiceImpl } from '@connectrpc/connect'
import type { TelemetryService } from '@heddle/api/telemetry'
import type { InstanceClaims } from '../discovery/instance-claims.ts'
import { problemOfReport } from '../telemetry/check-report.ts'
import type { TelemetryStore } from '../telemetry/telemetry-store.ts'
import { callerOf } from './gate.ts'

/** Puts the telemetry store behind Connect. Only who registered an instance may report for it. */
export function telemetryHandlers(store: TelemetryStore, claims: InstanceClaims): ServiceImpl<typeof TelemetryService> {
  return {
    report(request, context) {
      const caller = callerOf(context)
      claims.require(request, caller)
      const problem = problemOfReport(request)
      if (problem !== undefined) throw new ConnectError(problem, Code.InvalidArgument)
      store.report(request, caller.spiffeId)
      return {}
    },
  }
}
