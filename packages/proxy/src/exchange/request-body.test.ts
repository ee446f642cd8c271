import { Buffer } from 'node:buffer'
import { expect, test } from 'vitest'
import { RequestBody } from './request-body.ts'

const [ONE, TWO, THREE] = [1, 2, 3].map((octet) => Uint8Array.of(octet))

function replayed(body: RequestBody): number[] {
  const octets: number[] = []
  body.replay((bytes) => octets.push(...bytes))
  return octets
}

/** With what an object takes beside its octets. */
function memoryOf(body: RequestBody): number {
  let sum = 0
  body.replay((bytes) => (sum += 100 + bytes.buffer.byteLength))
  return sum
}

test('what waits is copied, and goes to one who takes it', () => {
  const body = new RequestBody(10)
  const bytes = Buffer.of(7)
  body.hold(bytes, 0, 1)
  bytes[0] = 8
  expect([...body.takeHeld()!]).toEqual([7])
  expect(body.takeHeld()).toBeUndefined()
})

test('what was sent waits again before what does already', () => {
  const body = new RequestBody(10)
  body.keep(ONE!, 0, 1)
  body.keep(TWO!, 0, 1)
  body.hold(THREE!, 0, 1)
  expect(replayed(body)).toEqual([1, 2, 3])
  expect(body.rewind()).toBe(true)
  expect([...body.takeHeld()!]).toEqual([1, 2, 3])
})

test('of a body that is too long nothing is kept, and it cannot be sent again', () => {
  const body = new RequestBody(1)
  body.keep(ONE!, 0, 1)
  expect(body.mayRewind).toBe(true)
  body.keep(TWO!, 0, 1)
  expect([body.mayRewind, body.rewind(), replayed(body)]).toEqual([false, false, []])
})

test.each<{ deed: 'hold' | 'keep'; name: string }>([
  { deed: 'hold', name: 'waits' },
  { deed: 'keep', name: 'was sent on' },
])('a small part of a chunk as it comes from a socket, which $name, holds not all of that in memory', ({ deed }) => {
  const body = new RequestBody(10)
  body[deed](Buffer.alloc(100_000), 500, 501)
  expect(memoryOf(body)).toBeLessThan(1000)
})

test.each<{ deed: 'hold' | 'keep'; name: string }>([
  { deed: 'hold', name: 'waits' },
  { deed: 'keep', name: 'was sent on' },
])('a body that came octet by octet and $name takes little more room than it has octets', ({ deed }) => {
  const body = new RequestBody(10_000)
  for (let at = 0; at < 10_000; at++) body[deed](Buffer.of(1, at, 2), 1, 2)
  expect(memoryOf(body)).toBeLessThan(30_000)
  expect(replayed(body)).toEqual(Array.from({ length: 10_000 }, (_, at) => at & 0xff))
})

test('what is forgotten is not sent again', () => {
  const body = new RequestBody(10)
  body.keep(ONE!, 0, 1)
  body.forgetKept()
  expect([body.rewind(), body.takeHeld()]).toEqual([true, undefined])
})
