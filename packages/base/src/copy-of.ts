/**
 * The octets of `bytes` from `start` to `end`, in memory of their own. Never `bytes.slice(start, end)`: what comes from a socket is a
 * `Buffer`, whose `slice` is but a view, which holds all of the chunk in memory and changes with it.
 */
export function copyOf(bytes: Uint8Array, start: number, end: number): Uint8Array {
  return new Uint8Array(bytes.subarray(start, end))
}
