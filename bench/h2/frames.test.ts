import { expect, test } from 'vitest'
import { FrameWriter } from './frame-writer.ts'
import { FLAG, FRAME, FrameReader, PREFACE, readDataRange, readSetting, SETTING } from './frames.ts'

test('FrameReader cuts the same frames out of octets split anywhere', () => {
  const out = new FrameWriter()
  out.raw(PREFACE)
  out.settings([[SETTING.maxStreams, 7]])
  out.frame(FRAME.data, FLAG.endStream, { streamId: 5, payload: Buffer.from('abc') })
  const bytes = out.take()
  for (let at = 0; at <= bytes.length; at++) {
    const seen: unknown[] = []
    const reader = new FrameReader({ skipBytes: PREFACE.length })
    for (const part of [bytes.subarray(0, at), bytes.subarray(at)]) {
      reader.read(part, (frame) => {
        const setting = frame.type === FRAME.settings ? readSetting(frame, SETTING.maxStreams) : undefined
        seen.push([
          frame.type,
          frame.flags,
          frame.streamId,
          frame.bytes.toString('latin1', frame.start, frame.end),
          setting,
        ])
      })
    }
    expect(seen).toEqual([
      [FRAME.settings, 0, 0, '\0\u0003\0\0\0\u0007', 7],
      [FRAME.data, FLAG.endStream, 5, 'abc', undefined],
    ])
  }
})

test('readDataRange() leaves padding out', () => {
  const bytes = Buffer.from([2, 65, 66, 0, 0])
  const frame = { type: FRAME.data, flags: FLAG.padded, streamId: 1, bytes, start: 0, end: bytes.length }
  expect(readDataRange(frame)).toEqual({ start: 1, end: 3 })
})
