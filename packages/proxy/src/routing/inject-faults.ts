import type { ErrorSpec } from '@heddle/api/error-spec'
import { PROXY_ERRORS } from '@heddle/api/proxy-errors'
import { decideFault, type FaultDecision } from '@heddle/engine/fault'
import { answerOfFault } from '@heddle/engine/fault/answer'
import { H2_CODE } from '@heddle/http/h2-codes'
import { ProxyError } from '../errors/proxy-error.ts'
import type { Exchange } from '../exchange/exchange.ts'
import { FaultyStream } from './faulty-stream.ts'
import { RoutedRequest } from './routed-request.ts'
import { faultsOf, type RoutingFaults } from './routing.ts'

/** An answer that a FaultPolicy wants instead of the real one, with its own status. */
class InjectedFault extends ProxyError {
  readonly #spec: ErrorSpec

  constructor(answer: Pick<ErrorSpec, 'status' | 'grpc'>, detail: string) {
    super('fault_abort', detail)
    this.#spec = { ...PROXY_ERRORS.fault_abort, ...answer }
  }

  override get spec(): ErrorSpec {
    return this.#spec
  }
}

/** Lets go wrong what is to go wrong with the request, and goes on where that leaves something of it. */
export function injectFaults(exchange: Exchange, faults: RoutingFaults, goOn: () => void): void {
  const { core, decision, head } = exchange
  const rule = decision?.kind === 'forward' ? decision.rule : undefined
  const fault = decideFault(faultsOf(faults, rule), head, core.clock.nowMs())
  if (fault === undefined) {
    goOn()
    return
  }
  exchange.fault = fault
  count(exchange, fault)
  const { throttleBytesPerSecond, truncateBodyBytes, delayMs } = fault
  if (throttleBytesPerSecond > 0 || truncateBodyBytes !== undefined) exchange.stream = new FaultyStream(exchange, fault)
  if (delayMs === 0) end(exchange, fault, goOn)
  else RoutedRequest.of(exchange).later(delayMs, () => end(exchange, fault, goOn))
}

function end(exchange: Exchange, fault: FaultDecision, goOn: () => void): void {
  const { end: how } = fault
  if (how === undefined) goOn()
  else if (how.kind === 'reset')
    exchange.breakOff(new ProxyError('fault_reset', detailOf(fault)), H2_CODE.internalError)
  else exchange.fail(new InjectedFault(answerOfFault(how), detailOf(fault)))
}

/** What happened, for the log. */
function detailOf({ reasons }: FaultDecision): string {
  return reasons.join('; ')
}

function count({ core }: Exchange, fault: FaultDecision): void {
  const { delayMs, end: how, policies, throttleBytesPerSecond, truncateBodyBytes } = fault
  const policy = policies.join(' ')
  if (delayMs > 0) core.routing.injected('delay', policy)
  if (how !== undefined) core.routing.injected(how.kind === 'reset' ? 'reset' : 'abort', policy)
  if (throttleBytesPerSecond > 0) core.routing.injected('throttle', policy)
  if (truncateBodyBytes !== undefined) core.routing.injected('truncate', policy)
}
