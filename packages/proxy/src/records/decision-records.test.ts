import { createFields } from '@heddle/http/fields'
import { createRequestHead } from '@heddle/http/message'
import { expect, test } from 'vitest'
import type { Exchange } from '../exchange/exchange.ts'
import type { Outcome } from '../filters/filter.ts'
import { type Limits, resolveLimits } from '../limits.ts'
import { DecisionRecords } from './decision-records.ts'

const OUTCOME: Outcome = {
  status: 200,
  grpcStatus: undefined,
  error: undefined,
  detail: '',
  latencyUs: 500,
  upgradeUs: undefined,
  requestBytes: 0,
  responseBytes: 2,
  attempts: 1,
}
const FAILED: Partial<Outcome> = { status: 503, error: 'connect_failed', detail: 'connect 10.0.0.7:80' }
const RETRIED = [
  { endpoint: 'a', address: 'b', startedUs: 0, durationUs: 1, status: 503, error: '', detail: '', next: 'again' },
]

/** Records of requests that end when the test says. */
function recorder(limits: Partial<Limits> = {}) {
  let [nowUs, ids] = [1e9, 0]
  const reached: string[] = []
  const kept: Record<string, number> = {}
  const records = new DecisionRecords({ namespace: 'shop', workload: 'web', instance: 'web-0' }, resolveLimits(limits))
  const core = {
    clock: { nowMs: () => 1.7e12 + nowUs / 1000 },
    turn: { nowUs: () => nowUs },
    limitReached: (name: string) => reached.push(name),
    recorded: (keptAs: string) => (kept[keptAs] = (kept[keptAs] ?? 0) + 1),
  }
  const end = (about: Partial<Outcome> = {}, more: object = {}) => {
    const outcome = { ...OUTCOME, ...about }
    const head = createRequestHead({
      method: 'GET',
      path: '/cart?token=s3cret',
      authority: 'cart.shop',
      fields: createFields([
        ['x-request-id', `id-${++ids}`],
        ['authorization', 'Basic s3cret'],
      ]),
    })
    const exchange = {
      head,
      core,
      hop: { direction: 'outbound', name: 'name:cart.shop:80', peerIdentity: '' },
      version: 'http1',
      attempts: 0,
      startedUs: nowUs - outcome.latencyUs,
      ...more,
    }
    records.onEnd(exchange as unknown as Exchange, outcome)
  }
  const repeat = (count: number, about?: Partial<Outcome>) => {
    for (let at = 0; at < count; at++) end(about)
  }
  return { records, reached, kept, end, repeat, pass: (ms: number) => (nowUs += ms * 1000) }
}

test('of requests that go well the first of each second is kept, and one in a hundred', () => {
  const { kept, repeat, pass, end } = recorder()
  repeat(100)
  expect(kept).toEqual({ sample: 1 })
  repeat(1)
  expect(kept).toEqual({ sample: 2 })
  pass(999)
  end()
  expect(kept).toEqual({ sample: 2 })
  pass(1)
  end()
  expect(kept).toEqual({ sample: 3 })
})

test('at most five of them in a second are kept', () => {
  const { kept, repeat, pass } = recorder()
  repeat(10_000)
  expect(kept).toEqual({ sample: 5 })
  pass(1_000)
  repeat(10_000)
  expect(kept).toEqual({ sample: 10 })
})

test('all failures are kept, up to a number in a second, beyond which the limit is counted', () => {
  const { kept, reached, repeat, pass } = recorder({ decisionFailures: 50 })
  repeat(50, FAILED)
  expect([kept, reached.length]).toEqual([{ failure: 50 }, 0])
  repeat(7, FAILED)
  expect([kept, reached]).toEqual([{ failure: 50 }, new Array(7).fill('decisionFailures')])
  pass(1_000)
  repeat(1, FAILED)
  expect(kept).toEqual({ failure: 51 })
})

test('a failure that is the first of its second does not take the place of the sample', () => {
  const { kept, end } = recorder()
  end(FAILED)
  end()
  expect(kept).toEqual({ failure: 1, sample: 1 })
})

test('successes do not push failures out', () => {
  const { records, end, pass } = recorder({ decisionBytes: 20_000 })
  end(FAILED)
  for (let second = 0; second < 200; second++) {
    pass(1_000)
    end()
  }
  expect(records.find({ failuresOnly: true }).map(({ requestId }) => requestId)).toEqual(['id-1'])
  expect(records.bytes).toBeLessThanOrEqual(20_000)
})

test('a hundred thousand failures take no more room than the limit says, and the newest are there', () => {
  const { records, end, pass, kept } = recorder()
  for (let at = 0; at < 100_000; at++) {
    end({ ...FAILED, detail: `connect 10.0.0.${at % 250}:80` })
    pass(1)
  }
  expect(kept).toEqual({ failure: 100_000 })
  const found = records.find({ limit: 1_000 })
  expect(found[0]!.requestId).toBe('id-100000')
  expect(found.length).toBeGreaterThan(400)
  expect(records.bytes).toBeLessThanOrEqual(1_048_576 / 2)
})

test('slow ones are kept, five a second; then only slower ones count as slow, until there are none', () => {
  const { kept, end, repeat, pass } = recorder()
  end()
  repeat(20, { latencyUs: 1_000_000 })
  expect(kept).toEqual({ sample: 1, slow: 5 })
  pass(2_000)
  end()
  end({ latencyUs: 1_400_000 })
  expect(kept).toEqual({ sample: 2, slow: 5 })
  pass(2_000)
  end()
  end({ latencyUs: 1_400_000 })
  expect(kept).toEqual({ sample: 3, slow: 6 })
})

test('a request that went well after another try is kept as retried', () => {
  const { records, end } = recorder()
  end({ attempts: 2 }, { attempts: 2, attemptLog: RETRIED })
  expect(records.find({})).toMatchObject([{ keptAs: 'retried', attempts: [{ status: 503, next: 'again' }] }])
})

test('a call that its client takes back, and an upgrade that ends, are no failures', () => {
  const { kept, end } = recorder()
  end({ status: 200, grpcStatus: 1, error: 'client_reset' })
  end({ status: 101, error: 'idle_timeout' })
  expect(kept).toEqual({ sample: 1 })
})

test('records are found by id, time, key, and kind, newest first', () => {
  const { records, end, pass } = recorder()
  end()
  pass(1_000)
  end(FAILED)
  pass(1_000)
  end()
  const ids = (query: object) => records.find(query).map(({ requestId }) => requestId)
  expect(ids({})).toEqual(['id-3', 'id-2', 'id-1'])
  expect(ids({ limit: 2 })).toEqual(['id-3', 'id-2'])
  expect(ids({ requestId: 'id-2' })).toEqual(['id-2'])
  expect(ids({ requestId: 'id' })).toEqual([])
  expect(ids({ requestId: '"' })).toEqual([])
  expect(ids({ failuresOnly: true })).toEqual(['id-2'])
  expect(ids({ keys: ['name:cart.shop:80'] })).toHaveLength(3)
  expect(ids({ keys: ['name:web.shop:80'] })).toEqual([])
  const { startedMs } = records.find({ requestId: 'id-2' })[0]!
  expect(ids({ sinceMs: startedMs })).toEqual(['id-3', 'id-2'])
})

test('a record has the head without its secrets, also where the failure tells of the path', () => {
  const { records, end } = recorder()
  end({ ...FAILED, detail: '/cart?token=s3cret name:cart.shop:80: not done after 5 ms' })
  const [record] = records.find({})
  expect(record).toMatchObject({
    requestId: 'id-1',
    namespace: 'shop',
    workload: 'web',
    instance: 'web-0',
    key: 'name:cart.shop:80',
    request: { method: 'GET', path: '/cart?token=(hidden)', headers: [{ name: 'authorization', value: '(hidden)' }] },
    error: 'connect_failed',
    detail: '/cart?token=(hidden) name:cart.shop:80: not done after 5 ms',
    durationUs: '500',
  })
  expect(JSON.stringify(record)).not.toContain('s3cret')
})

test('a request that its route changed is kept as its client sent it', () => {
  const { records, end } = recorder()
  const fields = new Map([
    ['x-version', ['1', '2']],
    ['x-new', []],
  ])
  const head = createRequestHead({
    method: 'GET',
    path: '/v2/cart',
    authority: 'v2',
    fields: createFields([
      ['x-new', 'by the route'],
      ['x-version', '3'],
    ]),
  })
  end({}, { head, original: { path: '/cart', authority: 'cart.shop', fields } })
  expect(records.find({})[0]!.request).toMatchObject({
    path: '/cart',
    authority: 'cart.shop',
    headers: [
      { name: 'x-version', value: '1' },
      { name: 'x-version', value: '2' },
    ],
  })
})

test('a record says whether rules were asked, and how endpoints stood', () => {
  const { records, end } = recorder()
  const load = { rttUs: 2_000, inFlight: 1, weight: 1, observedUs: 1e9, avoidUntilUs: 0 }
  const targets = Array.from({ length: 10 }, (_, at) => {
    const candidate = { ejectedUntilUs: at === 9 ? 2e9 : 0, ejectedFor: '5 failures in a row', pausedUntilUs: 0 }
    return { id: `shop/cart-${at}:80`, endpoint: { load }, candidate }
  })
  end(FAILED, { state: { targets } })
  end(FAILED)
  end(FAILED, { state: { targets }, decision: { kind: 'refused', cause: 'no_match', rule: undefined } })
  const [unmatched, early, plain] = records.find({})
  expect([unmatched!.routing, early!.routing, plain!.routing]).toEqual(['no_match', 'undecided', 'none'])
  expect(plain!.endpoints).toHaveLength(8)
  expect(plain!.endpoints!.slice(0, 2)).toEqual([
    { endpoint: 'shop/cart-9:80', inFlight: 1, cost: '4002', passedOver: '5 failures in a row' },
    { endpoint: 'shop/cart-0:80', inFlight: 1, cost: '4002', passedOver: '' },
  ])
  expect(plain!.furtherEndpoints).toBe(2)
})

test('long heads are cut, and say so', () => {
  const { records, end } = recorder()
  const lines = Array.from({ length: 100 }, (_, at) => [`x-${at}`, 'v'.repeat(5_000)] as const)
  const head = createRequestHead({
    method: 'GET',
    path: `/${'p'.repeat(30_000)}`,
    authority: 'cart.shop',
    fields: createFields(lines),
  })
  end({}, { head })
  const [record] = records.find({})
  expect(record!.request!.headers).toHaveLength(65)
  expect(record!.request!.headers!.at(-1)).toEqual({ name: '(more)', value: '36 further fields' })
  expect(JSON.stringify(record).length).toBeLessThan(32_000)
})

test('nothing is kept where there is no room for anything', () => {
  const { records, kept, end } = recorder({ decisionBytes: 0 })
  end(FAILED)
  expect([records.find({}), kept, records.bytes]).toEqual([[], {}, 0])
})
