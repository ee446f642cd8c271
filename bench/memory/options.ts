import { parseArgs } from 'node:util'

/** What bench/memory.ts does. */
export interface MemoryOptions {
  /** Parts of it, see {@link PARTS}. */
  readonly parts: readonly MemoryPart[]
  /** Idle connections with mTLS. */
  readonly connections: number
  /** How long streams stay open. */
  readonly seconds: number
}

export const PARTS = ['plain', 'mtls', 'streams'] as const
export type MemoryPart = (typeof PARTS)[number]

export const MEMORY_USAGE = `node bench/memory.ts [options]
  --parts NAME,NAME  plain: idle, after load, idle connections of HTTP/1; mtls: idle connections of HTTP/2 with mTLS;
                     streams: 1,000 calls of gRPC through two proxies (${PARTS.join(',')})
  --conns N          idle connections with mTLS (10000)
  --seconds N        how long the calls stay open (600)
`

/** @throws {RangeError | TypeError} naming the wrong argument */
export function parseMemoryOptions(args: readonly string[]): MemoryOptions {
  const { values } = parseArgs({
    args: [...args],
    options: {
      parts: { type: 'string', default: PARTS.join(',') },
      conns: { type: 'string', default: '10000' },
      seconds: { type: 'string', default: '600' },
    },
  })
  return {
    parts: values.parts.split(',').map(readPart),
    connections: readNumber('--conns', values.conns),
    seconds: readNumber('--seconds', values.seconds),
  }
}

function readPart(text: string): MemoryPart {
  const part = PARTS.find((name) => name === text)
  if (part === undefined) throw new RangeError(`--parts ${text}: expected some of ${PARTS.join(',')}`)
  return part
}

function readNumber(name: string, text: string): number {
  const value = Number(text)
  if (!Number.isInteger(value) || value < 1) throw new RangeError(`${name} ${text}: expected a whole number from 1`)
  return value
}
