import { Buffer } from 'node:buffer'
import { expect, test } from 'vitest'
import { RequestBody } from './request-body.ts'

const [ONE, TWO, THREE] = [1, 2, 3].map((octet) => Uint8Array.of(octet))

function replayed(body: RequestBody): number[] {
  const octets: number[] = []
  body.replay((bytes) => octets.push(...bytes))
  return octets
}

test('what waits is copied, and goes to one who takes it', () => {
  const body = new RequestBody(10)
  const bytes = Buffer.of(7)
  body.hold(bytes, 0, 1)
  bytes[0] = 8
  expect(body.takeHeld()).toEqual([Uint8Array.of(7)])
  expect(body.takeHeld()).toBeUndefined()
})

test('what was sent waits again before what does already', () => {
  const body = new RequestBody(10)
  body.keep(ONE!, 0, 1)
  body.keep(TWO!, 0, 1)
  body.hold(THREE!, 0, 1)
  expect(replayed(body)).toEqual([1, 2, 3])
  expect(body.rewind()).toBe(true)
  expect(body.takeHeld()?.map((bytes) => [...bytes])).toEqual([[1], [2], [3]])
})

test('of a body that is too long nothing is kept, and it cannot be sent again', () => {
  const body = new RequestBody(1)
  body.keep(ONE!, 0, 1)
  expect(body.mayRewind).toBe(true)
  body.keep(TWO!, 0, 1)
  expect([body.mayRewind, body.rewind(), replayed(body)]).toEqual([false, false, []])
})

test('of a chunk as it comes from a socket, a small part holds not all in memory, whether it waits or was sent on', () => {
  const body = new RequestBody(10)
  const chunk = Buffer.alloc(100_000)
  body.hold(chunk, 500, 501)
  body.keep(chunk, 500, 501)
  const held: number[] = []
  body.replay((bytes) => held.push(bytes.buffer.byteLength))
  expect(held).toEqual([1, 1])
})

test('a body that was sent on octet by octet takes little more room than it has octets', () => {
  const body = new RequestBody(10_000)
  for (let at = 0; at < 10_000; at++) body.keep(Buffer.of(1, at, 2), 1, 2)
  const parts: Uint8Array[] = []
  body.replay((bytes) => parts.push(bytes))
  expect(parts).toHaveLength(2)
  expect(parts[1]!.buffer.byteLength).toBeLessThan(30_000)
  expect(replayed(body)).toEqual(Array.from({ length: 10_000 }, (_, at) => at & 0xff))
})

test('what is forgotten is not sent again', () => {
  const body = new RequestBody(10)
  body.keep(ONE!, 0, 1)
  body.forgetKept()
  expect([body.rewind(), body.takeHeld()]).toEqual([true, undefined])
})
