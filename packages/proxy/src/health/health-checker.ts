import type { Clock } from '@heddle/base/clock'
import type { HealthCheck } from '../config/health-check.ts'
import type { OnBug } from '../process/bug-log.ts'

/** What one look at the application found; `undefined`: it is well, else why not. */
export type Probe = (timeoutMs: number) => Promise<string | undefined>

export interface HealthCheckerDeps {
  readonly check: HealthCheck
  readonly probe: Probe
  readonly clock: Clock
  /** Called at each change. */
  readonly onChange: (isHealthy: boolean, reason: string) => void
  readonly onBug: OnBug
}

/** Until the application was well for the first time it is asked this often, so that it need not wait for its traffic. */
const STARTING_MS = 250

/**
 * Asks the application whether it is well, until `signal` is aborted. It counts as not well until it was for the first time;
 * afterwards thresholds decide, so that one bad answer takes nobody out of service. A look that fails by our own fault says
 * nothing of the application.
 */
export async function runHealthChecks(deps: HealthCheckerDeps, signal: AbortSignal): Promise<void> {
  const { check, clock, onBug } = deps
  const health = new Health(deps)
  await clock.sleep(check.initialDelayMs, signal)
  while (!signal.aborted) {
    try {
      const problem = await deps.probe(check.timeoutMs)
      if (signal.aborted) return
      health.found(problem)
    } catch (error) {
      onBug('health_check', error)
    }
    await clock.sleep(health.wasHealthy ? check.periodMs : Math.min(STARTING_MS, check.periodMs), signal)
  }
}

class Health {
  wasHealthy = false
  readonly #deps: HealthCheckerDeps
  #isHealthy = false
  /** Looks in a row that found the contrary. */
  #contrary = 0

  constructor(deps: HealthCheckerDeps) {
    this.#deps = deps
  }

  /** @param problem - `undefined`: it is well */
  found(problem: string | undefined): void {
    const { check, onChange } = this.#deps
    const isContrary = (problem === undefined) !== this.#isHealthy
    this.#contrary = isContrary ? this.#contrary + 1 : 0
    if (this.#contrary < (this.#isHealthy ? check.failureThreshold : check.successThreshold)) return
    this.#isHealthy = !this.#isHealthy
    this.wasHealthy ||= this.#isHealthy
    this.#contrary = 0
    onChange(this.#isHealthy, problem ?? '')
  }
}
