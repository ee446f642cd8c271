import { hashName } from '@heddle/engine/route/name-hash'
import { readSession, type SessionToken } from '@heddle/engine/route/session'
import type { CompiledRule } from '@heddle/engine/route/table'
import type { Exchange } from '../exchange/exchange.ts'
import type { DestinationState } from '../upstream/destination-state.ts'
import type { Target } from '../upstream/target.ts'

/** The endpoints of a destination by the name that sessions have for them; made when the first session asks. */
const TARGETS = new WeakMap<DestinationState, ReadonlyMap<string, Target>>()

/** The session that the request of `exchange` goes on with. */
export function findSession(exchange: Exchange, { session }: CompiledRule): SessionToken | undefined {
  return session === undefined ? undefined : readSession(session, exchange.head, exchange.core.clock.nowMs())
}

/** Name of an endpoint within a session. It holds for its Service only: the same endpoint behind another one has another name. */
export function sessionName({ name }: DestinationState, { id }: Target): string {
  return hashName(name === undefined ? '' : `${name.namespace}/${name.name}:${name.port}`, id)
}

/** The endpoint at which a session was, where it is still there. */
export function findTarget(state: DestinationState, endpoint: string): Target | undefined {
  let targets = TARGETS.get(state)
  if (targets === undefined) {
    targets = new Map(state.targets.map((target) => [sessionName(state, target), target]))
    TARGETS.set(state, targets)
  }
  return targets.get(endpoint)
}
