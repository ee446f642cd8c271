import type { Random } from './random.ts'

/** Two or three pieces, each of at least one octet. */
export function cut(bytes: Uint8Array, random: Random): Uint8Array[] {
  const one = random.below(bytes.length + 1)
  const other = random.below(bytes.length + 1)
  const [first, second] = one < other ? [one, other] : [other, one]
  const pieces = [bytes.subarray(0, first), bytes.subarray(first, second), bytes.subarray(second)]
  return pieces.filter((piece) => piece.length > 0)
}
