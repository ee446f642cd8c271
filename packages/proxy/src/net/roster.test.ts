import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { Roster } from './roster.ts'

class Guest {
  seat = -1
  readonly name: number

  constructor(name: number) {
    this.name = name
  }
}

const namesOf = (guests: Iterable<Guest>) => [...guests].map(({ name }) => name).sort((one, other) => one - other)

describe('Roster', () => {
  test('holds what was added and not removed, like a set', () => {
    const deeds = fc.array(fc.tuple(fc.constantFrom('add', 'delete', 'clear'), fc.nat(12)), { maxLength: 100 })
    fc.assert(
      fc.property(deeds, (all) => {
        const guests = Array.from({ length: 13 }, (_, name) => new Guest(name))
        const roster = new Roster<'seat', Guest>('seat')
        const model = new Set<Guest>()
        for (const [deed, at] of all) {
          if (deed === 'clear' && at > 0) continue
          roster[deed as 'add'](guests[at]!)
          model[deed as 'add'](guests[at]!)
          expect(namesOf(roster)).toEqual(namesOf(model))
          expect(roster.size).toBe(model.size)
        }
      }),
    )
  })

  test('visits each once that nobody removed before', () => {
    const removals = fc.array(fc.array(fc.nat(9), { maxLength: 4 }), { minLength: 10, maxLength: 10 })
    fc.assert(
      fc.property(removals, (all) => {
        const guests = Array.from({ length: 10 }, (_, name) => new Guest(name))
        const roster = new Roster<'seat', Guest>('seat')
        for (const guest of guests) roster.add(guest)
        const removed = new Set<number>()
        const visits: number[] = []
        roster.forEach(({ name }) => {
          expect(removed.has(name)).toBe(false)
          visits.push(name)
          for (const other of all[name]!) {
            roster.delete(guests[other]!)
            if (!visits.includes(other)) removed.add(other)
          }
        })
        expect(visits.length).toBe(new Set(visits).size)
        expect(visits.length + removed.size).toBe(10)
      }),
    )
  })
})
