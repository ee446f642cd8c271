import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { FairRoom, type FairRoomOptions } from './fair-room.ts'

function world(places: number, evenly: FairRoomOptions['evenly']) {
  const room = new FairRoom({ places, evenly })
  const ousted: string[] = []
  /** @param name - the source and a number: `a1` */
  const enter = (name: string) => room.enter(name.slice(0, 1), () => ousted.push(name))
  return { room, ousted, enter }
}

describe('FairRoom', () => {
  test.each([{ evenly: 'oldest' as const }, { evenly: 'newcomer' as const }])(
    'gives a newcomer the place of the oldest of the source that has the most ($evenly)',
    ({ evenly }) => {
      const { room, ousted, enter } = world(3, evenly)
      for (const name of ['b1', 'a1', 'a2', 'c1']) expect(enter(name)).toBeDefined()
      expect(ousted).toEqual(['a1'])
      expect(room.size).toBe(3)
    },
  )

  test.each([
    { evenly: 'oldest' as const, enters: true, ousted: ['a1'] },
    { evenly: 'newcomer' as const, enters: false, ousted: [] },
  ])('of equals $evenly goes', ({ evenly, enters, ousted }) => {
    for (const newcomer of ['c1', 'a3']) {
      const even = world(2, evenly)
      for (const name of newcomer === 'c1' ? ['a1', 'b1'] : ['a1', 'a2']) even.enter(name)
      expect(even.enter(newcomer) !== undefined).toBe(enters)
      expect(even.ousted).toEqual(ousted)
    }
  })

  test('takes a place back once, however often it is given back', () => {
    const { room, ousted, enter } = world(2, 'newcomer')
    const leave = enter('a1')!
    enter('a2')
    leave()
    leave()
    expect(room.size).toBe(1)
    expect(enter('a3')).toBeDefined()
    expect(enter('a4')).toBeUndefined()
    expect(ousted).toEqual([])
  })

  test('gives a source that has all that one may have the place of its own oldest, though others are free', () => {
    const ousted: string[] = []
    const room = new FairRoom({ places: 10, perSource: 2, evenly: 'oldest' })
    for (const name of ['a1', 'b1', 'a2', 'a3', 'a4', 'b2'])
      expect(room.enter(name.slice(0, 1), () => ousted.push(name))).toBeDefined()
    expect(ousted).toEqual(['a1', 'a2'])
    expect(room.size).toBe(4)
  })

  test('lets nobody in where there is no place at all', () => {
    expect(world(0, 'oldest').enter('a1')).toBeUndefined()
  })

  test('never holds more than it has places for, and lets in who has fewer than another', () => {
    const names = fc.array(fc.constantFrom('a', 'b', 'c', 'd'), { maxLength: 60 })
    fc.assert(
      fc.property(
        fc.integer({ min: 1, max: 6 }),
        fc.constantFrom('oldest', 'newcomer'),
        names,
        (places, evenly, come) => {
          const room = new FairRoom({ places, evenly: evenly as FairRoomOptions['evenly'] })
          const inside = new Map<string, number>()
          for (const source of come) {
            const most = Math.max(0, ...inside.values())
            const own = inside.get(source) ?? 0
            const isFull = room.size === places
            const place = room.enter(source, () => inside.set(source, inside.get(source)! - 1))
            if (!isFull || own + 1 < most || evenly === 'oldest') expect(place).toBeDefined()
            if (place !== undefined) inside.set(source, (inside.get(source) ?? 0) + 1)
            expect(room.size).toBe([...inside.values()].reduce((sum, count) => sum + count, 0))
            expect(room.size).toBeLessThanOrEqual(places)
          }
        },
      ),
    )
  })
})
