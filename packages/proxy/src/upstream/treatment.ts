import type { RetryPolicy } from '@heddle/engine/retry/policy'
import type { BackendState } from './backend-state.ts'
import type { Circuit } from './circuit.ts'

/** What route and destination say about the tries of a request. */
export interface Treatment {
  /** Of the destination. */
  readonly service: BackendState
  readonly circuit: Circuit | undefined
  readonly retry: RetryPolicy | undefined
  /** Of one try, in ms; 0: none. */
  readonly tryTimeoutMs: number
  /** Of the whole request, in ms; 0: none. */
  readonly requestTimeoutMs: number
}
