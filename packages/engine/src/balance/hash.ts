/**
 * MurmurHash3 (A. Appleby, public domain; the 32-bit variant) over the UTF-16 units of a text, two to a block. Not for secrets: who
 * knows the algorithm can make texts that collide.
 *
 * @returns an unsigned 32-bit number
 */
export function hashText(text: string, seed: number): number {
  let hash = seed | 0
  const even = text.length & ~1
  for (let at = 0; at < even; at += 2) {
    hash ^= scramble(text.charCodeAt(at) | (text.charCodeAt(at + 1) << 16))
    hash = (hash << 13) | (hash >>> 19)
    hash = (Math.imul(hash, 5) + 0xe654_6b64) | 0
  }
  if (even < text.length) hash ^= scramble(text.charCodeAt(even))
  return mix32(hash ^ (text.length * 2))
}

/** Spreads a 32-bit number over all 32-bit numbers: no two have the same image. */
export function mix32(value: number): number {
  let hash = value | 0
  hash = Math.imul(hash ^ (hash >>> 16), 0x85eb_ca6b)
  hash = Math.imul(hash ^ (hash >>> 13), 0xc2b2_ae35)
  return (hash ^ (hash >>> 16)) >>> 0
}

function scramble(block: number): number {
  const product = Math.imul(block, 0xcc9e_2d51)
  return Math.imul((product << 15) | (product >>> 17), 0x1b87_3593)
}
