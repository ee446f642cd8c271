import { create } from '@bufbuild/protobuf'
import { Code } from '@connectrpc/connect'
import { DecisionQuerySchema, DecisionRecordSchema } from '@heddle/api/discovery/decision'
import { expect, test } from 'vitest'
import { discoveryWorld, nodeOf, StreamReader } from '../../test/discovery-world.ts'
import { serviceYaml } from '../../test/mesh-objects.ts'

const QUERY = create(DecisionQuerySchema, { failuresOnly: true, limit: 3 })

/** Two proxies that have read their first message. */
async function askedWorld() {
  const world = discoveryWorld(serviceYaml('web') + serviceYaml('cart'))
  const [web, cart] = [world.open(nodeOf('web')), world.open(nodeOf('cart'))]
  const readers = [new StreamReader(web, world.clock), new StreamReader(cart, world.clock)] as const
  for (const reader of readers) {
    await reader.message()
    expect(await reader.next(50)).toBeUndefined()
  }
  const signal = new AbortController().signal
  const ask = (waitMs = 2_000) => world.hub.questions.ask({ query: QUERY, streams: [web, cart], waitMs, signal })
  return { ...world, web, cart, readers, ask }
}

function record(id: string, startedMs: number) {
  return create(DecisionRecordSchema, { requestId: id, startedMs: BigInt(startedMs), instance: 'somebody else' })
}

test('a question goes to each proxy without a number, and what they answer is gathered, newest first', async () => {
  const { hub, web, cart, readers, ask } = await askedWorld()
  const gathered = ask()
  const [first, second] = [await readers[0].message(), await readers[1].message()]
  expect(first).toMatchObject({ sequence: 0n, updates: [], queries: [{ failuresOnly: true, limit: 3 }] })
  const { queryId } = first.queries[0]!
  expect(second.queries[0]?.queryId).toBe(queryId)
  hub.questions.answer(web, { queryId, records: [record('a', 1), record('d', 4)], hasMore: true })
  hub.questions.answer(cart, { queryId, records: [record('b', 2)], hasMore: false })
  hub.questions.answer(web, { queryId, records: [record('c', 3)], hasMore: false })
  const { records, ...rest } = await gathered
  expect(records.map(({ requestId, instance }) => [requestId, instance])).toEqual([
    ['d', 'web-0'],
    ['c', 'web-0'],
    ['b', 'cart-0'],
  ])
  expect(rest).toEqual({ asked: 2, silent: [] })
})

test('who does not answer in time, or leaves, is named', async () => {
  const { hub, clock, web, cart, readers, ask } = await askedWorld()
  const gathered = ask()
  const { queryId } = (await readers[0].message()).queries[0]!
  hub.close(cart, 'disconnected')
  await clock.advanceAsync(2_000)
  expect(await gathered).toEqual({ records: [], asked: 2, silent: ['shop/cart-0', 'shop/web-0'] })
  expect(() => hub.questions.answer(web, { queryId, records: [record('late', 9)], hasMore: false })).not.toThrow()
})

test('a question that a proxy has not read when its time is over is withdrawn', async () => {
  const { clock, readers, ask } = await askedWorld()
  const gathered = ask(100)
  await clock.advanceAsync(100)
  await gathered
  await readers[0].message()
  expect(await readers[0].next(9_000)).toBeUndefined()
})

test('an answer of a proxy that was not asked counts for nothing', async () => {
  const { hub, open, clock, readers, ask } = await askedWorld()
  const gathered = ask()
  const { queryId } = (await readers[0].message()).queries[0]!
  hub.questions.answer(open(nodeOf('stranger')), { queryId, records: [record('x', 1)], hasMore: false })
  await clock.advanceAsync(2_000)
  expect((await gathered).records).toEqual([])
})

test('at most 16 questions are open at a time', async () => {
  const { clock, ask } = await askedWorld()
  const open = Array.from({ length: 16 }, () => ask())
  await expect(ask()).rejects.toMatchObject({ code: Code.ResourceExhausted })
  await clock.advanceAsync(2_000)
  await Promise.all(open)
  const again = ask()
  await clock.advanceAsync(2_000)
  expect((await again).asked).toBe(2)
})
