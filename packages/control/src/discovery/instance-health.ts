import { Code, ConnectError } from '@connectrpc/connect'
import { State } from '@heddle/api/discovery'
import type { InstanceHealth, InstanceState } from '../model/instance.ts'
import { briefText } from './brief.ts'

/** What a proxy says of its workload. */
export interface SaidState {
  readonly state: State
  /** Why it is not ready; may be empty. */
  readonly reason: string
}

/** @throws {ConnectError} invalidArgument: it says nothing */
export function toInstanceHealth(said: SaidState): InstanceHealth {
  const state = toInstanceState(said.state)
  return { state, reason: state === 'ready' ? '' : briefText(said.reason) || state }
}

function toInstanceState(state: State): InstanceState {
  switch (state) {
    case State.READY:
      return 'ready'
    case State.UNHEALTHY:
      return 'unhealthy'
    case State.DRAINING:
      return 'draining'
    case State.UNSPECIFIED:
      throw new ConnectError('state: must be set', Code.InvalidArgument)
  }
}
