import type { DecisionRecordJson, EndpointStateJson } from '@heddle/api/discovery/decision'
import { costOf } from '@heddle/engine/balance'
import type { Exchange } from '../exchange/exchange.ts'
import { whyPassedOver } from '../upstream/passed-over.ts'

/** Of a record; those that are passed over come first. */
const MAX_ENDPOINTS = 8

/** How the endpoints stand from which one was chosen; nothing of the own application, which is no choice. */
export function toEndpointStates({
  core,
  hop,
  state,
}: Exchange): Pick<DecisionRecordJson, 'endpoints' | 'furtherEndpoints'> {
  if (state === undefined || hop.direction === 'inbound') return {}
  const nowUs = core.turn.nowUs()
  const states = state.targets.map((target): EndpointStateJson & { readonly passedOver: string } => {
    const { load } = target.endpoint
    const cost = String(Math.round(costOf(load, nowUs)))
    return { endpoint: target.id, inFlight: load.inFlight, cost, passedOver: whyPassedOver(target, nowUs) }
  })
  const out = states.filter(({ passedOver }) => passedOver !== '')
  const ordered = [...out, ...states.filter(({ passedOver }) => passedOver === '')]
  return {
    endpoints: ordered.slice(0, MAX_ENDPOINTS),
    furtherEndpoints: Math.max(0, ordered.length - MAX_ENDPOINTS),
  }
}
