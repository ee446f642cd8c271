const ROUND = roundConstants()
const START = Uint32Array.of(
  0x6a09_e667,
  0xbb67_ae85,
  0x3c6e_f372,
  0xa54f_f53a,
  0x510e_527f,
  0x9b05_688c,
  0x1f83_d9ab,
  0x5be0_cd19,
)
const BLOCK_BYTES = 64

/**
 * A name as strangers may see it: the first 64 bits of its SHA-256, in base 36. Equal on every proxy, since nothing else goes into it.
 *
 * @param scope - where the name is one: the same name has another hash elsewhere
 */
export function hashName(scope: string, name: string): string {
  const digest = sha256(new TextEncoder().encode(`${scope}\n${name}`))
  return toText(digest[0]!) + toText(digest[1]!)
}

/**
 * SHA-256 (FIPS 180-4), as its eight words. Here because the engine also runs in browsers, which have it only behind a promise;
 * it is asked once for an endpoint, never for a request.
 */
export function sha256(bytes: Uint8Array): Uint32Array {
  const padded = pad(bytes)
  const state = Uint32Array.from(START)
  const words = new Uint32Array(BLOCK_BYTES)
  for (let at = 0; at < padded.byteLength; at += BLOCK_BYTES) {
    for (let word = 0; word < 16; word++) words[word] = padded.getUint32(at + word * 4)
    for (let word = 16; word < 64; word++) {
      const [a, b] = [words[word - 15]!, words[word - 2]!]
      const low = turn(a, 7) ^ turn(a, 18) ^ (a >>> 3)
      words[word] = words[word - 16]! + low + words[word - 7]! + (turn(b, 17) ^ turn(b, 19) ^ (b >>> 10))
    }
    mix(state, words)
  }
  return state
}

/** FIPS 180-4 §5.1.1: a one, zeros, and the length in bits. */
function pad(bytes: Uint8Array): DataView {
  const padded = new Uint8Array(Math.ceil((bytes.length + 9) / BLOCK_BYTES) * BLOCK_BYTES)
  padded.set(bytes)
  padded[bytes.length] = 0x80
  const view = new DataView(padded.buffer)
  view.setUint32(padded.length - 4, bytes.length * 8)
  return view
}

/** FIPS 180-4 §6.2.2. */
function mix(state: Uint32Array, words: Uint32Array): void {
  let [a, b, c, d, e, f, g, h] = state as unknown as [number, number, number, number, number, number, number, number]
  for (let at = 0; at < 64; at++) {
    const first = h + (turn(e, 6) ^ turn(e, 11) ^ turn(e, 25)) + ((e & f) ^ (~e & g)) + ROUND[at]! + words[at]!
    const second = (turn(a, 2) ^ turn(a, 13) ^ turn(a, 22)) + ((a & b) ^ (a & c) ^ (b & c))
    h = g
    g = f
    f = e
    e = (d + first) | 0
    d = c
    c = b
    b = a
    a = (first + second) | 0
  }
  for (const [at, value] of [a, b, c, d, e, f, g, h].entries()) state[at]! += value
}

function turn(word: number, bits: number): number {
  return (word >>> bits) | (word << (32 - bits))
}

function toText(word: number): string {
  return word.toString(36).padStart(7, '0')
}

/** FIPS 180-4 §4.2.2: of the cube roots of the first 64 primes, 32 bits after the point. */
function roundConstants(): Uint32Array {
  const primes: number[] = []
  for (let candidate = 2; primes.length < 64; candidate++)
    if (primes.every((prime) => candidate % prime !== 0)) primes.push(candidate)
  return Uint32Array.from(primes, (prime) => (Math.cbrt(prime) % 1) * 2 ** 32)
}
