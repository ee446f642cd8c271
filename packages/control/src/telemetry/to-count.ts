const MOST = 2 ** 64 - 2 ** 11
const MOST_OF_32_BITS = 2 ** 32 - 1

/**
 * A sum as a field of 64 bits has it. Proxies say what they like, and a message with one number that does not fit cannot be written:
 * nobody's traffic would be told any more.
 */
export function toCount(sum: number): bigint {
  return BigInt(Math.min(Math.round(sum), MOST))
}

/** The same for a field of 32 bits. */
export function toSmallCount(sum: number): number {
  return Math.min(Math.round(sum), MOST_OF_32_BITS)
}
