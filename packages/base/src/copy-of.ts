/**
 * The octets of `bytes` from `start` to `end`, in memory of their own. Never `bytes.slice(start, end)`: what comes from a socket is a
 * `Buffer`, whose `slice` is but a view, which holds all of the chunk in memory and changes with it.
 */
export function copyOf(bytes: Uint8Array, start: number, end: number): Uint8Array {
  return new Uint8Array(bytes.subarray(start, end))
}

/** What is referred to may be so much larger than what is needed of it. */
const MOST_TIMES_LARGER = 4
/** Less is not worth a copy. */
const MIN_COPIED_FROM_BYTES = 16_384

/** The octets of `bytes` from `start` to `end`, to be kept for long: a view, unless that would hold much more in memory than they are. */
export function toKeep(bytes: Uint8Array, start: number, end: number): Uint8Array {
  const { byteLength } = bytes.buffer
  const isWasteful = byteLength > MIN_COPIED_FROM_BYTES && byteLength > (end - start) * MOST_TIMES_LARGER
  return isWasteful ? copyOf(bytes, start, end) : bytes.subarray(start, end)
}
