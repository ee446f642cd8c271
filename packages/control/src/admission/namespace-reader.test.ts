import type { KubeObject } from '@heddle/kube/client'
import { ManualClock } from '@heddle/testkit/manual-clock'
import { describe, expect, test } from 'vitest'
import { type NamespaceReader, namespaceReader } from './namespace-reader.ts'

interface Asked {
  readonly name: string
  /** Answers with an annotation, or fails. */
  answer(value: string | Error): void
}

/** A reader whose look-ups are answered by hand, in the order in which they were begun. */
function startWorld() {
  const asked: Asked[] = []
  const clock = new ManualClock()
  const client = {
    get: <T extends KubeObject>({ name }: { readonly name: string }): Promise<T | undefined> => {
      const { promise, resolve, reject } = Promise.withResolvers<T | undefined>()
      const answer = (value: string | Error) => {
        if (value instanceof Error) return reject(value)
        resolve({ metadata: { name, annotations: { is: value } } } as KubeObject as T)
      }
      asked.push({ name, answer })
      return promise
    },
  }
  const reader: NamespaceReader = namespaceReader({ client, clock })
  return { asked, clock, read: (name = 'shop') => reader(name).then(({ is }) => is) }
}

describe('a namespace reader', () => {
  test('lets those who come during a look-up share the next, which knows what was so when they came', async () => {
    const { asked, read, clock } = startWorld()
    const first = read()
    const others = Array.from({ length: 500 }, () => read())
    expect(asked).toHaveLength(1)
    asked[0]!.answer('before')
    await expect(first).resolves.toBe('before')
    expect(asked).toHaveLength(2)
    asked[1]!.answer('after')
    expect(new Set(await Promise.all(others))).toEqual(new Set(['after']))
    expect(clock.waiting).toBe(0)
  })

  test('asks anew for who comes when all is answered', async () => {
    const { asked, read } = startWorld()
    const first = read()
    asked[0]!.answer('before')
    await first
    const second = read()
    asked[1]!.answer('after')
    await expect(second).resolves.toBe('after')
  })

  test('keeps the failure of a look-up from those who did not wait for it', async () => {
    const { asked, read } = startWorld()
    const [first, second] = [read(), read()]
    asked[0]!.answer(new Error('reset'))
    await expect(first).rejects.toThrow('reset')
    asked[1]!.answer('well')
    await expect(second).resolves.toBe('well')
  })

  test('waits a second at most for a look-up that is not answered', async () => {
    const { asked, read, clock } = startWorld()
    const lost = read()
    const second = read()
    await clock.advanceAsync(999)
    expect(asked).toHaveLength(1)
    await clock.advanceAsync(1)
    expect(asked).toHaveLength(2)
    asked[1]!.answer('well')
    await expect(second).resolves.toBe('well')
    asked[0]!.answer('late')
    await expect(lost).resolves.toBe('late')
  })

  test('asks for other namespaces meanwhile', () => {
    const { asked, read } = startWorld()
    void read('shop')
    void read('bank')
    expect(asked.map(({ name }) => name)).toEqual(['shop', 'bank'])
  })
})
