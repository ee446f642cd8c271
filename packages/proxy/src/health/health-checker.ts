import type { Clock } from '@heddle/base/clock'
import type { HealthCheck } from '../config/health-check.ts'

/** What one look at the application found; `undefined`: it is well, else why not. */
export type Probe = (timeoutMs: number) => Promise<string | undefined>

export interface HealthCheckerDeps {
  readonly check: HealthCheck
  readonly probe: Probe
  readonly clock: Clock
  /** Called at each change. */
  readonly onChange: (isHealthy: boolean, reason: string) => void
}

/** Until the application was well for the first time it is asked this often, so that it need not wait for its traffic. */
const STARTING_MS = 250

/**
 * Asks the application whether it is well, until `signal` is aborted. It counts as not well until it was for the first time;
 * afterwards thresholds decide, so that one bad answer takes nobody out of service.
 */
export async function runHealthChecks(deps: HealthCheckerDeps, signal: AbortSignal): Promise<void> {
  const { check, probe, clock, onChange } = deps
  let isHealthy = false
  let wasHealthy = false
  let contrary = 0
  await clock.sleep(check.initialDelayMs, signal)
  while (!signal.aborted) {
    const reason = await probe(check.timeoutMs)
    if (signal.aborted) return
    const isContrary = (reason === undefined) !== isHealthy
    contrary = isContrary ? contrary + 1 : 0
    if (contrary >= (isHealthy ? check.failureThreshold : check.successThreshold)) {
      isHealthy = !isHealthy
      wasHealthy ||= isHealthy
      contrary = 0
      onChange(isHealthy, reason ?? '')
    }
    await clock.sleep(wasHealthy ? check.periodMs : Math.min(STARTING_MS, check.periodMs), signal)
  }
}
