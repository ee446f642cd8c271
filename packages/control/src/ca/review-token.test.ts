import { type KubeClient, KubeError, type KubeRequest } from '@heddle/kube/client'
import { describe, expect, test } from 'vitest'
import { createTokenReviewer } from './review-token.ts'

const AUDIENCE = 'heddle.dev/identity'
const TOKEN = 'aGVhZA.Ym9keQ.c2ln'

function reviewerOf(answer: (request: KubeRequest) => unknown) {
  const asked: KubeRequest[] = []
  const request = async <T>(call: KubeRequest) => {
    asked.push(call)
    return (await answer(call)) as T
  }
  const client: Pick<KubeClient, 'request'> = { request }
  return { asked, reviewer: createTokenReviewer({ client, audience: AUDIENCE }) }
}

function status(more: object = {}): object {
  const user = { username: 'system:serviceaccount:emojivote:web' }
  return { status: { authenticated: true, audiences: [AUDIENCE], user, ...more } }
}

describe('createTokenReviewer()', () => {
  test('asks for the audience, and says whose token it is', async () => {
    const { reviewer, asked } = reviewerOf(() => status())
    const account = { namespace: 'emojivote', serviceAccount: 'web' }
    expect(await reviewer.review(TOKEN)).toEqual({ kind: 'good', account })
    expect(asked).toMatchObject([
      {
        method: 'POST',
        path: '/apis/authentication.k8s.io/v1/tokenreviews',
        body: { kind: 'TokenReview', spec: { token: TOKEN, audiences: [AUDIENCE] } },
        isIdempotent: true,
      },
    ])
  })

  test.each([
    {
      name: 'the API server refuses',
      answer: { status: { authenticated: false, error: 'expired' } },
      detail: 'expired',
    },
    { name: 'the answer is empty', answer: {} },
    { name: 'the audience is another', answer: status({ audiences: ['https://kubernetes.default.svc'] }) },
    { name: 'the API server knows no audiences', answer: status({ audiences: undefined }) },
  ])('refuses where $name', async ({ answer, detail }) => {
    const { reviewer } = reviewerOf(() => answer)
    const verdict = await reviewer.review(TOKEN)
    expect(verdict).toMatchObject({ kind: 'refused', reason: 'token_review_refused', ...(detail && { detail }) })
  })

  test.each(
    ['kubernetes-admin', 'system:node:one', 'system:serviceaccount:a:b:c', 'system:serviceaccount:a', ''].map(
      (username) => ({ username }),
    ),
  )('refuses the user "$username"', async ({ username }) => {
    const { reviewer } = reviewerOf(() => status({ user: { username } }))
    expect(await reviewer.review(TOKEN)).toMatchObject({ kind: 'refused', reason: 'not_a_service_account' })
  })

  test.each(
    ['', 'garbage', 'a.b', 'a.b.c.d', 'a.b.c\n', `a.${'b'.repeat(9_000)}.c`, 'ä.b.c'].map((token) => ({ token })),
  )('asks nobody about what is no token: $token', async ({ token }) => {
    const { reviewer, asked } = reviewerOf(() => status())
    expect(await reviewer.review(token)).toMatchObject({ reason: 'service_account_token_malformed' })
    expect(asked).toEqual([])
  })

  test.each([
    { name: 'is away', error: new Error('ECONNREFUSED'), detail: 'ECONNREFUSED' },
    {
      name: 'forbids it',
      error: new KubeError({ status: 403, reason: 'Forbidden', message: 'cannot create tokenreviews' }),
      detail: 'Forbidden: cannot',
    },
  ])('says that the API server $name', async ({ error, detail }) => {
    const { reviewer } = reviewerOf(() => Promise.reject(error))
    const verdict = await reviewer.review(TOKEN)
    expect(verdict).toMatchObject({ kind: 'refused', reason: 'token_review_unavailable' })
    expect(verdict.kind === 'refused' && verdict.detail).toContain(detail)
  })

  test('gives a pod its turn while a neighbour has all of them', async () => {
    const { promise: never } = Promise.withResolvers<object>()
    const { reviewer } = reviewerOf(({ signal, body }) => {
      const { token } = (body as { readonly spec: { readonly token: string } }).spec
      if (token === TOKEN) return status()
      const aborted = new Promise((_, reject) => signal?.addEventListener('abort', () => reject(new Error('given up'))))
      return Promise.race([never, aborted])
    })
    const flood = Array.from({ length: 64 }, (_, at) => reviewer.review(`a.b.c${at}`, '10.0.0.66'))
    expect(await reviewer.review('a.b.one-more', '10.0.0.66')).toMatchObject({ reason: 'token_review_busy' })
    expect(await reviewer.review(TOKEN, '10.0.0.7')).toMatchObject({ kind: 'good' })
    expect(await flood[0]).toMatchObject({ reason: 'token_review_busy', detail: '64 reviews are under way' })
  })

  test('lets only so many reviews be under way', async () => {
    const { promise, resolve } = Promise.withResolvers<object>()
    const { reviewer, asked } = reviewerOf(() => promise)
    const reviews = Array.from({ length: 65 }, () => reviewer.review(TOKEN))
    expect(await reviews[64]).toMatchObject({ reason: 'token_review_busy' })
    expect(asked.length).toBe(64)
    resolve(status())
    expect(await reviews[0]).toMatchObject({ kind: 'good' })
    expect(await reviewer.review(TOKEN)).toMatchObject({ kind: 'good' })
  })
})
