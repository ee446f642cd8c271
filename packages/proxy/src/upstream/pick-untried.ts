import { readHashKey } from '@heddle/engine/balance/hash-key'
import { tellPick } from '@heddle/engine/balance/pick-trace'
import type { Exchange } from '../exchange/exchange.ts'
import { type DestinationState, pickTarget } from './destination-state.ts'
import { whyPassedOver } from './passed-over.ts'
import type { Target } from './target.ts'

/** What of a request its endpoint hangs on; `undefined`: nothing. */
export function readHashKeyOf(exchange: Exchange, { backend }: DestinationState): string | undefined {
  const hashOn = backend?.hashOn
  if (hashOn === undefined || hashOn.length === 0) return undefined
  const { fields, path } = exchange.head
  return readHashKey(hashOn, { fields, path, source: exchange.source })
}

/** An endpoint that the request was not tried at: that of its session first, as long as it is well. */
export function pickUntried(
  { tried, pinned, core }: Exchange,
  state: DestinationState,
  hashKey?: string | undefined,
): Target | undefined {
  const { targets } = state
  const trace = core.lastPick
  if (targets.length === 1 && tried === undefined) {
    tellPick(trace, 'only')
    return targets[0]
  }
  const nowUs = core.turn.nowUs()
  if (pinned !== undefined && tried === undefined && isUsable(pinned, nowUs)) {
    tellPick(trace, 'session')
    return pinned
  }
  return pickTarget(state, { nowUs, random: core.random, tried, hashKey, trace })
}

/** `target` once more: nothing is picked. */
export function pickAgain({ core }: Exchange, target: Target): Target {
  tellPick(core.lastPick, 'again')
  return target
}

/** Whether a target may be chosen now, as far as is known. */
function isUsable(target: Target, nowUs: number): boolean {
  return whyPassedOver(target, nowUs) === ''
}
