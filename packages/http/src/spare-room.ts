/** Where a head came that was copied since: nobody looks at these octets any more, and they lie right before those of its body. */
let bytes: Uint8Array | undefined
let start = 0
let end = 0

/**
 * The octets of `chunk` from `from` to `to` are of no more use to anybody, until {@link forgetRoom}. So a head that goes on changed can be
 * written there, and leave in one write with a body that is too large to be copied.
 */
export function offerRoom(chunk: Uint8Array, from: number, to: number): void {
  bytes = chunk
  start = from
  end = to
}

/** @returns whether `count` octets right before `at` are the caller's, once */
export function takeRoom(chunk: Uint8Array, at: number, count: number): boolean {
  if (bytes !== chunk || end !== at || end - start < count) return false
  bytes = undefined
  return true
}

/** The chunk is no longer looked at, and is not to be kept for this alone. */
export function forgetRoom(): void {
  bytes = undefined
}
