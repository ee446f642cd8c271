import type { DecisionRecordJson, EndpointStateJson } from '@heddle/api/discovery/decision'
import { costOf } from '@heddle/engine/balance'
import type { Exchange } from '../exchange/exchange.ts'
import { whyPassedOver } from '../upstream/passed-over.ts'
import type { Target } from '../upstream/target.ts'

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
  const { targets } = state
  return {
    endpoints: chooseShown(targets, nowUs).map((target) => toEndpointState(target, nowUs)),
    furtherEndpoints: Math.max(0, targets.length - MAX_ENDPOINTS),
  }
}

/** A Service may have thousands, and each failed request is recorded: what is made of one is made of those only that are shown. */
function chooseShown(targets: readonly Target[], nowUs: number): readonly Target[] {
  const out: Target[] = []
  const others: Target[] = []
  for (const target of targets) {
    if (out.length === MAX_ENDPOINTS) break
    if (whyPassedOver(target, nowUs) !== '') out.push(target)
    else if (others.length < MAX_ENDPOINTS) others.push(target)
  }
  return [...out, ...others].slice(0, MAX_ENDPOINTS)
}

function toEndpointState(target: Target, nowUs: number): EndpointStateJson {
  const { load } = target.endpoint
  const cost = String(Math.round(costOf(load, nowUs)))
  return { endpoint: target.id, inFlight: load.inFlight, cost, passedOver: whyPassedOver(target, nowUs) }
}
