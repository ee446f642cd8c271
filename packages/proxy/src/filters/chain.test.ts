import { expect, test } from 'vitest'
import type { Exchange } from '../exchange/exchange.ts'
import { runEndFilters, runRequestFilters, runResponseFilters } from './chain.ts'
import type { Filter, Outcome, Verdict } from './filter.ts'

const EXCHANGE = {} as Exchange
const OUTCOME = {} as Outcome

function recorder() {
  const seen: string[] = []
  const filter = (name: string, verdict?: Verdict | Promise<Verdict>): Filter => ({
    name,
    onRequest() {
      seen.push(`request ${name}`)
      return verdict
    },
    onResponse: () => void seen.push(`response ${name}`),
    onEnd: () => void seen.push(`end ${name}`),
  })
  return { seen, filter }
}

test('filters see the request in order, its answer and its end backwards', () => {
  const { seen, filter } = recorder()
  const filters = [filter('a'), { name: 'silent' }, filter('b')]
  expect(runRequestFilters(filters, EXCHANGE)).toBeUndefined()
  runResponseFilters(filters, EXCHANGE)
  runEndFilters(filters, EXCHANGE, OUTCOME)
  expect(seen).toEqual(['request a', 'request b', 'response b', 'response a', 'end b', 'end a'])
})

test('the first filter that answers ends the chain, at once where it can', () => {
  const { seen, filter } = recorder()
  const reply = { status: 403 }
  expect(runRequestFilters([filter('a'), filter('b', reply), filter('c')], EXCHANGE)).toBe(reply)
  expect(seen).toEqual(['request a', 'request b'])
})

test('after a filter that had to wait the chain goes on', async () => {
  const { seen, filter } = recorder()
  const reply = { status: 429 }
  const waiting = filter('b', Promise.resolve(undefined))
  const verdict = runRequestFilters([filter('a'), waiting, filter('c', reply)], EXCHANGE)
  expect(verdict).toBeInstanceOf(Promise)
  expect(seen).toEqual(['request a', 'request b'])
  expect(await verdict).toBe(reply)
  expect(seen).toEqual(['request a', 'request b', 'request c'])
})
