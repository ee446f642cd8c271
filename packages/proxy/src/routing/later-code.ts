import type { BackendPolicyJson } from '@heddle/api/discovery/policy'
import type { CircuitBreakerJson, FaultJson, RouteJson } from '@heddle/api/discovery/route'
import type { RegexCompiler } from '@heddle/engine/route/field-match'
import type { TrafficManagement } from './traffic-management.ts'

/** What may be attached to a Service. */
export interface Attached {
  readonly routes?: readonly RouteJson[]
  readonly faults?: readonly FaultJson[]
  readonly policy?: BackendPolicyJson
  readonly circuitBreaker?: CircuitBreakerJson
}

/** What was loaded. */
export interface LoadedCode {
  readonly management: TrafficManagement
  /** `undefined` until an expression was to be understood. */
  readonly regex: RegexCompiler | undefined
}

/**
 * Code that most proxies never need, and that takes more memory than all of their tables: traffic management, loaded when the
 * first Service has something attached, and regular expressions, loaded when the first route or fault has one.
 */
export class LaterCode {
  #loaded: LoadedCode | undefined

  get loaded(): LoadedCode | undefined {
    return this.#loaded
  }

  /** Whether nothing is missing that `services` need. */
  isReadyFor(services: readonly Attached[]): boolean {
    const attached = services.filter(hasAttached)
    if (attached.length === 0) return true
    return this.#loaded !== undefined && (this.#loaded.regex !== undefined || !haveExpressions(this.#loaded, attached))
  }

  /** Loads what they need. Rejects when that is not there. */
  async loadFor(services: readonly Attached[]): Promise<LoadedCode | undefined> {
    const attached = services.filter(hasAttached)
    if (attached.length === 0) return this.#loaded
    if (this.#loaded === undefined) {
      const { TRAFFIC_MANAGEMENT } = await import('./traffic-management.ts')
      this.#loaded = { management: TRAFFIC_MANAGEMENT, regex: undefined }
    }
    if (!this.isReadyFor(attached)) {
      const { compileRegex } = await import('@heddle/engine/route/regex')
      this.#loaded = { ...this.#loaded, regex: compileRegex }
    }
    return this.#loaded
  }
}

/** Whether anything is attached to a Service, so that traffic management is needed. */
export function hasAttached({ routes, faults, policy, circuitBreaker }: Attached): boolean {
  return routes !== undefined || faults !== undefined || policy !== undefined || circuitBreaker !== undefined
}

function haveExpressions({ management }: LoadedCode, services: readonly Attached[]): boolean {
  try {
    return services.some((service) => management.needsExpressions(service))
  } catch {
    // What has no rules to look through is refused by whoever reads it.
    return false
  }
}
