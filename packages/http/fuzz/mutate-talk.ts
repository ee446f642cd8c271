import { Buffer } from 'node:buffer'
import { FRAME_HEAD_BYTES } from '../src/h2/frame-types.ts'
import type { Talk } from '../testdata/h2-talks.ts'
import type { Random } from './random.ts'

/** What lengths, types, flags and ids turn on. */
const EDGES = [0x00, 0x01, 0x02, 0x03, 0x04, 0x05, 0x07, 0x08, 0x09, 0x20, 0x2d, 0x3f, 0x7f, 0x80, 0xc0, 0xff]
const LENGTH_AT = 0
const TYPE_AT = 3
const ID_AT = 5

/** A few changes to the frames of a talk; `others` is where frames of other talks come from. */
export function mutateTalk(talk: Talk, others: readonly Talk[], random: Random): Talk {
  const frames = [...talk]
  for (let left = random.below(4); left > 0; left--) {
    const at = random.below(frames.length + 1)
    const one = frames[at]
    if (one === undefined || random.below(4) === 0) frames.splice(at, 0, random.pick(random.pick(others)))
    else changeFrame(frames, at, random)
  }
  return frames
}

function changeFrame(frames: Buffer[], at: number, random: Random): void {
  const one = frames[at]!
  switch (random.below(8)) {
    case 0:
      frames.splice(at, 1)
      return
    case 1:
      frames.splice(at, 0, one)
      return
    case 2:
      frames.splice(at, 1)
      frames.splice(random.below(frames.length + 1), 0, one)
      return
    case 3:
      frames[at] = withOctet(one, TYPE_AT + random.below(2), random)
      return
    case 4:
      frames[at] = withStream(one, random.pick([0, 1, 2, 3, 5, 7, 9, 11, 0x7fff_ffff]))
      return
    case 5:
      frames[at] = withOctet(one, random.below(one.length), random)
      return
    case 6:
      frames[at] = one.subarray(0, random.below(one.length + 1))
      return
    default:
      frames[at] = withPayload(one, random)
  }
}

function withOctet(one: Buffer, at: number, random: Random): Buffer {
  const changed = Buffer.from(one)
  changed[at] = random.below(2) === 0 ? random.pick(EDGES) : random.below(256)
  return changed
}

function withStream(one: Buffer, streamId: number): Buffer {
  if (one.length < FRAME_HEAD_BYTES) return one
  const changed = Buffer.from(one)
  changed.writeUInt32BE(streamId, ID_AT)
  return changed
}

/** Fewer octets or more, and a length that says so: the frames behind it are still found. */
function withPayload(one: Buffer, random: Random): Buffer {
  if (one.length < FRAME_HEAD_BYTES) return one
  const at = FRAME_HEAD_BYTES + random.below(one.length - FRAME_HEAD_BYTES + 1)
  const to = Math.min(one.length, at + random.below(4))
  const more = Buffer.from(Array.from({ length: random.below(4) }, () => random.pick(EDGES)))
  const changed = Buffer.concat([one.subarray(0, at), more, one.subarray(to)])
  changed.writeUIntBE(changed.length - FRAME_HEAD_BYTES, LENGTH_AT, 3)
  return changed
}
