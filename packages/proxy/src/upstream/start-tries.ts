import type { RetryPolicyJson } from '@heddle/api/discovery/route'
import { compileRetryPolicy, type RetryPolicy } from '@heddle/engine/retry/policy'
import type { CompiledRule } from '@heddle/engine/route/table'
import type { Exchange } from '../exchange/exchange.ts'
import { BackendState } from './backend-state.ts'
import type { DestinationState } from './destination-state.ts'
import { Tries } from './tries.ts'

/** A rule's policy is compiled when its first request comes, and goes with the rule. */
const RETRY_POLICIES = new WeakMap<RetryPolicyJson, RetryPolicy>()

/**
 * Treats a request as its route and its destination say.
 *
 * @returns false when they say nothing, so that nothing was done
 */
export function startTries(exchange: Exchange): boolean {
  const state = exchange.state!
  const { decision } = exchange
  const rule = decision?.kind === 'forward' ? decision.rule : undefined
  // The Service that was addressed has the circuit, whichever backend the request goes to.
  const addressed = exchange.addressed ?? state
  const service = isPlain(state, addressed, rule) ? undefined : serviceOf(state, exchange)
  if (service === undefined) return false
  const { retry, circuitBreaker, backendRequestTimeoutMs = 0, requestTimeoutMs = 0 } = rule ?? {}
  const breaker = circuitBreaker ?? addressed.circuitBreaker
  const circuits = serviceOf(addressed, exchange) ?? service
  exchange.tries = new Tries(exchange, {
    service,
    circuit:
      breaker === undefined ? undefined : circuits.circuit(circuitBreaker === undefined ? '' : rule!.id, breaker),
    retry: retry === undefined ? undefined : compiled(retry),
    tryTimeoutMs: backendRequestTimeoutMs,
    requestTimeoutMs,
  })
  exchange.tries.start()
  return true
}

/** `undefined`: it is no Service. */
function serviceOf(state: DestinationState, { core }: Exchange): BackendState | undefined {
  if (state.name !== undefined) state.service ??= new BackendState(state.name, state.here, core)
  return state.service
}

function isPlain(state: DestinationState, addressed: DestinationState, rule: CompiledRule | undefined): boolean {
  if (state.policy !== undefined || addressed.circuitBreaker !== undefined) return false
  return (
    rule === undefined ||
    (rule.retry === undefined && rule.circuitBreaker === undefined && rule.backendRequestTimeoutMs === 0)
  )
}

function compiled(json: RetryPolicyJson): RetryPolicy {
  const known = RETRY_POLICIES.get(json)
  if (known !== undefined) return known
  const policy = compileRetryPolicy(json)
  RETRY_POLICIES.set(json, policy)
  return policy
}
