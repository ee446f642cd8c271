/** What is made to go wrong with one request. All that are set are done. */
export interface FaultDecision {
  /** Wait before the request goes on; 0: no. */
  readonly delayMs: number
  /** What is done in place of sending it. */
  readonly end: FaultEnd | undefined
  /** Bytes of the answer's body per second; 0: as it comes. */
  readonly throttleBytesPerSecond: number
  /** The answer is broken off behind so many bytes of its body; `undefined`: it is not. */
  readonly truncateBodyBytes: number | undefined
  /** NAMESPACE/NAME of each policy that had a part in it, once. */
  readonly policies: readonly string[]
  /** One sentence for each. */
  readonly reasons: readonly string[]
}

/** How a request ends on purpose. */
export type FaultEnd =
  | { readonly kind: 'status'; readonly status: number }
  | { readonly kind: 'grpc-status'; readonly status: number }
  | { readonly kind: 'reset' }
