import { Buffer } from 'node:buffer'
import { ALL_CLIENT_TALKS, SERVER_TALKS } from '../testdata/h2-talks.ts'
import { HOSTILE_REQUESTS } from '../testdata/hostile-requests.ts'
import { HPACK_CONNECTIONS } from '../testdata/hpack-examples.ts'
import { ANSWERS, REQUESTS } from '../testdata/messages.ts'
import { checkH2Client } from './check-h2-client.ts'
import { checkH2Server } from './check-h2-server.ts'
import { checkHpack, mutateBlocks } from './check-hpack.ts'
import { mutate } from './mutate.ts'
import { mutateTalk } from './mutate-talk.ts'
import { checkAnswer, checkRequests } from './oracles.ts'
import { createRandom, type Random } from './random.ts'

/** A mutant for which something did not hold. */
export interface FuzzFailure {
  readonly seed: number
  readonly role: 'server' | 'client' | 'hpack' | 'h2 server' | 'h2 client'
  /** Method of the request that was answered. */
  readonly method: string
  /** Latin-1; of HPACK the blocks, and of HTTP/2 the frames, in hexadecimal digits. */
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

/** What can be fuzzed alone. */
export const TARGETS = ['h1', 'h2', 'hpack'] as const
export type Target = (typeof TARGETS)[number]

/** What a seed is for. By the seed itself: those that once found something find it still. */
export function targetOf(seed: number): Target {
  if (seed % 4 === 0) return 'hpack'
  return seed % 4 === 2 ? 'h2' : 'h1'
}

/**
 * Checks one mutant; the same seed gives the same mutant.
 *
 * @returns what did not hold, or `undefined`
 */
export function fuzzOnce(seed: number): FuzzFailure | undefined {
  const random = createRandom(seed)
  switch (targetOf(seed)) {
    case 'hpack':
      return fuzzHpack(seed, random)
    case 'h2':
      return fuzzH2(seed, random)
    case 'h1':
      return fuzzH1(seed, random)
  }
}

function fuzzHpack(seed: number, random: Random): FuzzFailure | undefined {
  const blocks = mutateBlocks(BLOCKS, random)
  return failureOf({ seed, role: 'hpack', method: '', octets: hexOf(blocks) }, () => checkHpack(blocks))
}

function fuzzH2(seed: number, random: Random): FuzzFailure | undefined {
  const isServer = random.below(3) > 0
  const talks = isServer ? ALL_CLIENT_TALKS : SERVER_TALKS
  // What belongs to the other role comes in now and then.
  const others = isServer === random.below(8) > 0 ? ALL_CLIENT_TALKS : SERVER_TALKS
  const talk = mutateTalk(random.pick(talks), others, random)
  const role = isServer ? 'h2 server' : 'h2 client'
  const check = isServer ? checkH2Server : checkH2Client
  return failureOf({ seed, role, method: '', octets: hexOf(talk) }, () => check(talk, random))
}

function fuzzH1(seed: number, random: Random): FuzzFailure | undefined {
  if (random.below(3) > 0) {
    // Mostly what is right: of what is wrong already, few mutants come past the head.
    const octets = mutate(random.pick(random.below(4) > 0 ? REQUESTS : HOSTILE_OCTETS), ALL_OCTETS, random)
    return failureOf({ seed, role: 'server', method: '', octets }, () => checkRequests(octets, random))
  }
  const { method, octets } = random.pick(ANSWERS)
  const mutant = mutate(octets, ANSWER_OCTETS, random)
  return failureOf({ seed, role: 'client', method, octets: mutant }, () => checkAnswer(method, mutant, random))
}

function hexOf(parts: readonly Uint8Array[]): string {
  return parts.map((part) => Buffer.from(part).toString('hex')).join(' ')
}

function failureOf(mutant: Omit<FuzzFailure, 'error'>, check: () => void): FuzzFailure | undefined {
  try {
    check()
    return undefined
  } catch (error) {
    return { ...mutant, error }
  }
}
