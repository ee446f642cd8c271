import { Code } from '@connectrpc/connect'
import { AdminService } from '@heddle/api/admin'
import { ManualClock } from '@heddle/testkit/manual-clock'
import { describe, expect, test } from 'vitest'
import type { ReviewVerdict } from '../ca/review-token.ts'
import { ADMIN_METHODS } from './admin-access.ts'
import { clusterAccess } from './cluster-access.ts'

const OPERATOR = { namespace: 'heddle', serviceAccount: 'heddle-operator' }
const VIEWER = { namespace: 'heddle', serviceAccount: 'heddle-viewer' }

function world(verdict: ReviewVerdict) {
  const clock = new ManualClock()
  const reviewed: string[] = []
  const self = { verdict, clock, reviewed }
  const reviewer = {
    review: (token: string) => {
      reviewed.push(token)
      return Promise.resolve(self.verdict)
    },
  }
  const access = clusterAccess({ reviewer, namespace: 'heddle', clock })
  const call = (method: string, authorization: string | null = 'Bearer a.b.c') =>
    access.refusalOf({ authorization, method, source: '10.0.0.7' })
  return Object.assign(self, { call })
}

test('each method of the admin service is said to read or to change', () => {
  expect(Object.keys(ADMIN_METHODS).sort()).toEqual(Object.keys(AdminService.method).sort())
})

describe('clusterAccess()', () => {
  const methods = Object.entries(ADMIN_METHODS).map(([method, kind]) => ({ method, kind }))

  test.each(methods)('lets an operator call $method', async ({ method }) => {
    expect(await world({ kind: 'good', account: OPERATOR }).call(method)).toBeUndefined()
  })

  test.each(methods)('lets a viewer call $method only if it reads', async ({ method, kind }) => {
    const refusal = await world({ kind: 'good', account: VIEWER }).call(method)
    if (kind === 'read') return expect(refusal).toBeUndefined()
    expect(refusal).toMatchObject({ reason: 'not_allowed', code: Code.PermissionDenied })
    expect(refusal?.detail).toContain('"create" serviceaccounts/token of heddle-operator in namespace heddle')
  })

  test.each([
    { account: { namespace: 'other', serviceAccount: 'heddle-operator' } },
    { account: { namespace: 'heddle', serviceAccount: 'control-plane' } },
    { account: { namespace: 'emojivote', serviceAccount: 'web' } },
  ])('refuses $account.namespace/$account.serviceAccount, and says what it takes', async ({ account }) => {
    const refusal = await world({ kind: 'good', account }).call('stat')
    expect(refusal).toMatchObject({ reason: 'not_allowed', code: Code.PermissionDenied })
    expect(refusal?.detail).toContain(`${account.namespace}/${account.serviceAccount} may not call stat`)
    expect(refusal?.detail).toContain('ServiceAccount heddle/heddle-viewer')
  })

  test.each([{ header: null }, { header: 'a.b.c' }, { header: 'Basic a.b.c' }, { header: 'Bearer ' }])(
    'asks nobody about the header $header',
    async ({ header }) => {
      const self = world({ kind: 'good', account: OPERATOR })
      expect(await self.call('stat', header)).toMatchObject({ reason: 'no_token', code: Code.Unauthenticated })
      expect(self.reviewed).toEqual([])
    },
  )

  test('refuses what the API server refuses', async () => {
    const self = world({ kind: 'refused', reason: 'token_review_refused', detail: 'expired' })
    const refusal = await self.call('stat')
    expect(refusal).toMatchObject({ reason: 'token_review_refused', code: Code.Unauthenticated })
    expect(refusal?.detail).toContain('audience heddle.dev/admin (expired)')
  })

  test('remembers a review for 30 seconds, by the whole token', async () => {
    const self = world({ kind: 'good', account: VIEWER })
    await self.call('stat')
    await self.call('edges')
    expect(self.reviewed.length).toBe(1)
    await self.call('stat', 'Bearer a.b.d')
    expect(self.reviewed.length).toBe(2)
    self.verdict = { kind: 'refused', reason: 'token_review_refused' }
    self.clock.advance(30_000)
    expect(await self.call('stat')).toMatchObject({ reason: 'token_review_refused' })
  })

  test('forgets a review after 30 seconds, also when the clock was set back', async () => {
    const self = world({ kind: 'good', account: VIEWER })
    await self.call('stat')
    self.verdict = { kind: 'refused', reason: 'token_review_refused' }
    self.clock.advance(30_000)
    const setBackMs = self.clock.nowMs() - 86_400_000
    self.clock.nowMs = () => setBackMs
    expect(await self.call('stat')).toMatchObject({ reason: 'token_review_refused' })
  })

  test.each([
    { name: 'the API server was away', reason: 'token_review_unavailable' as const },
    { name: 'others were asked about', reason: 'token_review_busy' as const },
  ])('does not remember that $name', async ({ reason }) => {
    const self = world({ kind: 'refused', reason })
    expect(await self.call('stat')).toMatchObject({ code: Code.Unavailable })
    self.verdict = { kind: 'good', account: VIEWER }
    expect(await self.call('stat')).toBeUndefined()
  })

  test('remembers a bounded number of tokens', async () => {
    const self = world({ kind: 'good', account: VIEWER })
    for (let at = 0; at < 300; at++) await self.call('stat', `Bearer a.b.${at}`)
    await self.call('stat', 'Bearer a.b.299')
    expect(self.reviewed.length).toBe(300)
    await self.call('stat', 'Bearer a.b.0')
    expect(self.reviewed.length).toBe(301)
  })
})
