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
  const bytes = Uint8Array.of(7)
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
  expect(body.takeHeld()).toEqual([ONE, TWO, THREE])
})

test('of a body that is too long nothing is kept, and it cannot be sent again', () => {
  const body = new RequestBody(1)
  body.keep(ONE!, 0, 1)
  expect(body.mayRewind).toBe(true)
  body.keep(TWO!, 0, 1)
  expect([body.mayRewind, body.rewind(), replayed(body)]).toEqual([false, false, []])
})

test('a small part of a large chunk does not hold the whole in memory', () => {
  const body = new RequestBody(10)
  body.keep(new Uint8Array(100_000), 500, 501)
  let held = 0
  body.replay((bytes) => (held = bytes.buffer.byteLength))
  expect(held).toBe(1)
})

test('what is forgotten is not sent again', () => {
  const body = new RequestBody(10)
  body.keep(ONE!, 0, 1)
  body.forgetKept()
  expect([body.rewind(), body.takeHeld()]).toEqual([true, undefined])
})
