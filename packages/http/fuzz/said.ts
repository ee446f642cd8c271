import { FRAME } from '../src/h2/frame-types.ts'
import { HpackDecoder } from '../src/h2/hpack/decoder.ts'
import { framesOf } from '../test/h2-frames.ts'

const LIMITS = { maxTableBytes: 4096, maxListBytes: 1_000_000, maxEntries: 10_000 }

interface Said {
  readonly type: number
  readonly streamId: number
  flags: number
  content: string
}

/**
 * What a side wrote, as values to compare. Header blocks are their fields: the same ones are encoded otherwise once the process has seen
 * them often. DATA of one stream in a row is one, since where it is cut depends on the size of what was written before.
 */
export function saidIn(octets: Buffer): readonly Said[] {
  const decoder = new HpackDecoder(LIMITS)
  const said: Said[] = []
  for (const { type, flags, streamId, payload } of framesOf(octets)) {
    const content = type === FRAME.headers ? fieldsIn(payload, decoder) : payload.toString('latin1')
    const last = said.at(-1)
    if (type === FRAME.data && last?.type === FRAME.data && last.streamId === streamId) {
      last.content += content
      last.flags |= flags
    } else {
      said.push({ type, flags, streamId, content })
    }
  }
  return said
}

function fieldsIn(block: Buffer, decoder: HpackDecoder): string {
  const entries = decoder.decode(block, 0, block.length)
  return entries.map(({ name, value }) => `${name}: ${value}`).join('\n')
}
