import type { GrpcStatusName } from '../grpc-status.ts'

/** What is to be known of one way to fail. */
export interface ErrorSpec {
  /** What the client of the request gets. */
  readonly status: number
  /** What it gets in the place of that when it speaks gRPC. */
  readonly grpc: GrpcStatusName
  /** May another endpoint be tried before anything was sent to the client? */
  readonly retryable: boolean
  /** Who has to look: decides the log level and the `source` label of heddle_errors_total. */
  readonly source: 'upstream' | 'client' | 'mesh' | 'fault_injection'
  /** One sentence: what happened. It is the body of the answer. */
  readonly meaning: string
  /** What to try, for the person who reads it. Follows the meaning in the body, and is in the log. */
  readonly hint: string
}
