import { createLog } from '@heddle/base/log'
import { ManualClock } from '@heddle/testkit/manual-clock'
import { describe, expect, test } from 'vitest'
import { createWorkQueue, type WorkQueueOptions } from './work-queue.ts'

function world(options: Partial<WorkQueueOptions> = {}) {
  const clock = new ManualClock()
  const worked: string[] = []
  const started: { key: string; finish: (again?: number) => void; fail: () => void; signal: AbortSignal }[] = []
  const queue = createWorkQueue({
    name: 'test',
    clock,
    log: createLog(() => {}, 'off'),
    work: (key, signal) =>
      new Promise((resolve, reject) => {
        worked.push(key)
        started.push({ key, finish: resolve, fail: () => reject(new Error('no')), signal })
      }),
    ...options,
  })
  const settle = () => clock.advanceAsync(0)
  return { clock, queue, worked, started, settle }
}

describe('a work queue', () => {
  test('works on a key once however often it is added, one at a time', async () => {
    const { queue, worked, started, settle } = world()
    for (const key of ['a', 'b', 'a', 'b', 'a']) queue.add(key)
    await settle()
    expect(worked).toEqual(['a'])
    expect(queue.depth).toBe(2)
    started[0]!.finish()
    await settle()
    expect(worked).toEqual(['a', 'b'])
  })

  test('works once more on a key that was added meanwhile, and not at the same time', async () => {
    const { queue, worked, started, settle } = world({ concurrency: 3 })
    queue.add('a')
    await settle()
    queue.add('a')
    queue.add('b')
    await settle()
    expect(worked).toEqual(['a', 'b'])
    started[0]!.finish()
    await settle()
    expect(worked).toEqual(['a', 'b', 'a'])
  })

  test('works on as many keys at once as it may', async () => {
    const { queue, worked, settle } = world({ concurrency: 2 })
    for (const key of ['a', 'b', 'c']) queue.add(key)
    await settle()
    expect(worked).toEqual(['a', 'b'])
  })

  test('tries a key that failed again after growing waits, until it succeeds', async () => {
    const { queue, worked, started, settle, clock } = world({ retry: { firstMs: 100, lastMs: 1000, jitter: 0 } })
    queue.add('a')
    await settle()
    for (const waitMs of [100, 200, 400]) {
      started.at(-1)!.fail()
      await clock.advanceAsync(waitMs - 1)
      const before = worked.length
      await clock.advanceAsync(1)
      expect(worked).toHaveLength(before + 1)
    }
    started.at(-1)!.finish()
    await settle()
    expect(queue.counters).toEqual({ done: 1, failed: 3 })
    queue.add('a')
    await settle()
    started.at(-1)!.fail()
    await clock.advanceAsync(100)
    expect(worked).toHaveLength(6)
  })

  test('works on a key when its time comes: the earliest of several, or at once when it is added', async () => {
    const { queue, worked, clock } = world({ concurrency: 9 })
    queue.addAfter('a', 300)
    queue.addAfter('a', 100)
    queue.addAfter('a', 200)
    queue.addAfter('b', 100)
    queue.add('b')
    await clock.advanceAsync(0)
    expect(worked).toEqual(['b'])
    await clock.advanceAsync(100)
    expect(worked).toEqual(['b', 'a'])
    expect(clock.waiting).toBe(0)
  })

  test('calls again after the time that the work asks for', async () => {
    const { queue, worked, started, clock } = world()
    queue.add('a')
    await clock.advanceAsync(0)
    started[0]!.finish(5000)
    await clock.advanceAsync(4999)
    expect(worked).toEqual(['a'])
    await clock.advanceAsync(1)
    expect(worked).toEqual(['a', 'a'])
  })

  test('is idle when nothing is left to do', async () => {
    const { queue, started, settle } = world()
    await queue.whenIdle()
    queue.add('a')
    let isIdle = false
    void queue.whenIdle().then(() => {
      isIdle = true
    })
    await settle()
    expect(isIdle).toBe(false)
    started[0]!.finish()
    await settle()
    expect(isIdle).toBe(true)
  })

  test('closes when the work at hand has ended, and begins no other', async () => {
    const { queue, worked, started, settle, clock } = world()
    queue.add('a')
    queue.add('b')
    queue.addAfter('c', 100)
    await settle()
    let isClosed = false
    const closing = queue.close().then(() => {
      isClosed = true
    })
    expect(started[0]!.signal.aborted).toBe(true)
    await settle()
    expect(isClosed).toBe(false)
    started[0]!.fail()
    await closing
    queue.add('d')
    await clock.advanceAsync(1000)
    expect(worked).toEqual(['a'])
    expect(clock.waiting).toBe(0)
  })
})
