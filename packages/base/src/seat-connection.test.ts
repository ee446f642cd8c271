import { EventEmitter } from 'node:events'
import type { Socket } from 'node:net'
import { expect, test } from 'vitest'
import { FairRoom } from './fair-room.ts'
import { seatConnection } from './seat-connection.ts'

/** As much of a socket as a place needs; it ends when it is told to. */
class Connection extends EventEmitter {
  readonly remoteAddress: string
  isOpen = true

  constructor(remoteAddress: string) {
    super()
    this.remoteAddress = remoteAddress
  }

  destroy(): void {
    this.isOpen = false
    this.emit('close')
  }
}

function seats(places: number, evenly: 'oldest' | 'newcomer' = 'oldest') {
  const room = new FairRoom({ places, evenly })
  const seat = (address: string) => {
    const connection = new Connection(address)
    const leave = seatConnection(room, connection as unknown as Socket)
    return { connection, leave }
  }
  return { room, seat }
}

test('seatConnection() closes the oldest connection of whoever has the most, and nobody else', () => {
  const { room, seat } = seats(3)
  const flood = [seat('10.0.0.1'), seat('10.0.0.1'), seat('10.0.0.1')]
  const other = seat('10.0.0.2')
  expect([...flood, other].map(({ connection }) => connection.isOpen)).toEqual([false, true, true, true])
  expect(room.size).toBe(3)
})

test('seatConnection() gives the place back when the connection ends', () => {
  const { room, seat } = seats(1)
  seat('10.0.0.1').connection.destroy()
  expect(room.size).toBe(0)
})

test('seatConnection() gives the place back before that where it is asked to, once', () => {
  const { room, seat } = seats(1)
  const first = seat('10.0.0.1')
  first.leave()
  const second = seat('10.0.0.2')
  first.connection.destroy()
  expect(room.size).toBe(1)
  expect(second.connection.isOpen).toBe(true)
})

test('seatConnection() closes at once what there is no place for', () => {
  const { room, seat } = seats(1, 'newcomer')
  const first = seat('10.0.0.1')
  const late = seat('10.0.0.2')
  expect([first.connection.isOpen, late.connection.isOpen]).toEqual([true, false])
  expect(room.size).toBe(1)
})
