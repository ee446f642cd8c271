import { describe, expect, test } from 'vitest'
import { addressesOf } from './control-addresses.ts'

const NAME = { host: 'heddle-control.heddle.svc', port: 15010 }

function random(numbers: readonly number[]): () => number {
  const left = [...numbers]
  return () => left.shift() ?? 0
}

describe('addressesOf()', () => {
  test.each(['10.0.0.1', 'fd00::1'].map((host) => ({ host })))('resolves nothing for $host', async ({ host }) => {
    const resolve = () => Promise.reject(new Error('asked'))
    expect(await addressesOf({ host, port: 1 }, { resolve, random: () => 0 })).toEqual([{ host, port: 1 }])
  })

  test('gives each address once, in an order of chance', async () => {
    const resolve = () => Promise.resolve(['10.0.0.1', '10.0.0.2', '10.0.0.1', 'fd00::3'])
    const hosts = async (...numbers: number[]) => {
      const addresses = await addressesOf(NAME, { resolve, random: random(numbers) })
      return addresses.map(({ host }) => host)
    }
    expect(await hosts(0.99, 0.99)).toEqual(['10.0.0.1', '10.0.0.2', 'fd00::3'])
    expect(await hosts(0, 0)).toEqual(['10.0.0.2', 'fd00::3', '10.0.0.1'])
  })

  test('asks again each time', async () => {
    let asked = 0
    const resolve = () => Promise.resolve([`10.0.0.${++asked}`])
    const deps = { resolve, random: () => 0 }
    expect(await addressesOf(NAME, deps)).toEqual([{ host: '10.0.0.1', port: 15010 }])
    expect(await addressesOf(NAME, deps)).toEqual([{ host: '10.0.0.2', port: 15010 }])
  })

  test.each([
    { name: 'has no address', resolve: () => Promise.resolve([]) },
    { name: 'is not known', resolve: () => Promise.reject(new Error('ENOTFOUND')) },
  ])('says that a name $name', async ({ resolve }) => {
    await expect(addressesOf(NAME, { resolve, random: () => 0 })).rejects.toMatchObject({ code: 'unreachable' })
  })
})
