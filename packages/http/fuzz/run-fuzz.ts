import { Buffer } from 'node:buffer'
import { HOSTILE_REQUESTS } from '../testdata/hostile-requests.ts'
import { HPACK_CONNECTIONS } from '../testdata/hpack-examples.ts'
import { ANSWERS, REQUESTS } from '../testdata/messages.ts'
import { checkHpack, mutateBlocks } from './check-hpack.ts'
import { mutate } from './mutate.ts'
import { checkAnswer, checkRequests } from './oracles.ts'
import { createRandom } from './random.ts'

/** A mutant for which something did not hold. */
export interface FuzzFailure {
  readonly seed: number
  readonly role: 'server' | 'client' | 'hpack'
  /** Method of the request that was answered. */
  readonly method: string
  /** Latin-1; of HPACK the blocks in hexadecimal digits. */
  readonly octets: string
  readonly error: unknown
}

const HOSTILE_OCTETS: readonly string[] = HOSTILE_REQUESTS.map(({ bytes }) => bytes).filter(
  (bytes) => bytes.length < 1000,
)
const ALL_OCTETS: readonly string[] = [...REQUESTS, ...HOSTILE_OCTETS]
const ANSWER_OCTETS: readonly string[] = ANSWERS.map(({ octets }) => octets)

const BLOCKS: readonly (readonly Uint8Array[])[] = HPACK_CONNECTIONS.map((blocks) =>
  blocks.map((block) => Buffer.from(block, 'hex')),
)

/**
 * Checks one mutant; the same seed gives the same mutant.
 *
 * @returns what did not hold, or `undefined`
 */
export function fuzzOnce(seed: number): FuzzFailure | undefined {
  const random = createRandom(seed)
  // By the seed itself: those that once found something find it still.
  if (seed % 4 === 0) {
    const blocks = mutateBlocks(BLOCKS, random)
    const octets = blocks.map((block) => Buffer.from(block).toString('hex')).join(' ')
    return failureOf({ seed, role: 'hpack', method: '', octets }, () => checkHpack(blocks))
  }
  if (random.below(3) > 0) {
    // Mostly what is right: of what is wrong already, few mutants come past the head.
    const octets = mutate(random.pick(random.below(4) > 0 ? REQUESTS : HOSTILE_OCTETS), ALL_OCTETS, random)
    return failureOf({ seed, role: 'server', method: '', octets }, () => checkRequests(octets, random))
  }
  const { method, octets } = random.pick(ANSWERS)
  const mutant = mutate(octets, ANSWER_OCTETS, random)
  return failureOf({ seed, role: 'client', method, octets: mutant }, () => checkAnswer(method, mutant, random))
}

function failureOf(mutant: Omit<FuzzFailure, 'error'>, check: () => void): FuzzFailure | undefined {
  try {
    check()
    return undefined
  } catch (error) {
    return { ...mutant, error }
  }
}
