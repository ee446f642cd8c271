import { ManualClock } from '@heddle/testkit/manual-clock'
import { describe, expect, test } from 'vitest'
import { SharedReads } from './shared-reads.ts'

interface Asked {
  readonly name: string
  readonly resolve: (value: string) => void
  readonly reject: (error: Error) => void
}

/** Readings are answered by hand; `asked` has them in the order in which they were begun. */
function startWorld() {
  const asked: Asked[] = []
  const clock = new ManualClock()
  const shared = new SharedReads<string>((name) => {
    const { promise, resolve, reject } = Promise.withResolvers<string>()
    asked.push({ name, resolve, reject })
    return promise
  }, clock)
  return { asked, clock, read: (name = 'shop') => shared.read(name) }
}

describe('shared reads', () => {
  test('let those who come during a reading share the next, which knows what was so when they came', async () => {
    const { asked, read, clock } = startWorld()
    const first = read()
    const others = Array.from({ length: 500 }, () => read())
    expect(asked).toHaveLength(1)
    asked[0]!.resolve('before')
    await expect(first).resolves.toBe('before')
    expect(asked).toHaveLength(2)
    asked[1]!.resolve('after')
    expect(new Set(await Promise.all(others))).toEqual(new Set(['after']))
    expect(clock.waiting).toBe(0)
  })

  test('begin anew for who comes when all is answered', async () => {
    const { asked, read } = startWorld()
    const first = read()
    asked[0]!.resolve('before')
    await first
    const second = read()
    asked[1]!.resolve('after')
    await expect(second).resolves.toBe('after')
  })

  test('keep the failure of a reading from those who did not wait for it', async () => {
    const { asked, read } = startWorld()
    const [first, second] = [read(), read()]
    asked[0]!.reject(new Error('reset'))
    await expect(first).rejects.toThrow('reset')
    asked[1]!.resolve('well')
    await expect(second).resolves.toBe('well')
  })

  test('wait a second at most for a reading that is not answered', async () => {
    const { asked, read, clock } = startWorld()
    const lost = read()
    const second = read()
    await clock.advanceAsync(999)
    expect(asked).toHaveLength(1)
    await clock.advanceAsync(1)
    expect(asked).toHaveLength(2)
    asked[1]!.resolve('well')
    await expect(second).resolves.toBe('well')
    asked[0]!.resolve('late')
    await expect(lost).resolves.toBe('late')
  })

  test('do not hold each other up', () => {
    const { asked, read } = startWorld()
    void read('shop')
    void read('bank')
    expect(asked.map(({ name }) => name)).toEqual(['shop', 'bank'])
  })
})
