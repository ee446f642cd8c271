/** Of a frame, or a part of it: the octets from `start` to `end`. */
export interface Payload {
  readonly bytes: Uint8Array
  readonly start: number
  readonly end: number
}

/** Four octets as a number from 0 to 2^32-1. */
export function readWord(bytes: Uint8Array, at: number): number {
  return ((bytes[at]! << 24) | (bytes[at + 1]! << 16) | (bytes[at + 2]! << 8) | bytes[at + 3]!) >>> 0
}
