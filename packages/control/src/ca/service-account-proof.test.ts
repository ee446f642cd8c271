import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { createLog } from '@heddle/base/log'
import { createCsr } from '@heddle/identity/csr'
import { createWorkloadKey } from '@heddle/identity/key-pair'
import { ManualClock } from '@heddle/testkit/manual-clock'
import { afterEach, beforeEach, describe, expect, test } from 'vitest'
import { directoryStore } from './authority-store.ts'
import { openCertificateAuthority } from './certificate-authority.ts'
import type { SignPeer } from './identify-caller.ts'
import { IdentityService } from './identity-service.ts'
import { openJoinTokens } from './join-tokens.ts'
import type { ReviewVerdict, TokenReviewer } from './review-token.ts'

const WEB = 'spiffe://heddle.local/ns/emojivote/sa/web'
const ACCOUNT = { namespace: 'emojivote', serviceAccount: 'web' }
const TOKEN = 'aGVhZA.Ym9keQ.c2ln'

let dir: string
let lines: string[]
beforeEach(async () => {
  dir = await mkdtemp(join(tmpdir(), 'heddle-proof-'))
  lines = []
})
afterEach(() => rm(dir, { recursive: true, force: true }))

/** Signs with a reviewer that says `verdict`; without one where that is undefined. */
async function sign(
  verdict: ReviewVerdict | undefined,
  asked: { spiffeId?: string; peer?: SignPeer; namespace?: string; token?: string; isOfWorkload?: boolean },
) {
  const clock = new ManualClock()
  const log = createLog((line) => lines.push(line), 'debug')
  const tokens = await openJoinTokens({ file: join(dir, 'tokens.json'), trustDomain: 'heddle.local', clock })
  const store = directoryStore(join(dir, 'ca'))
  const ca = await openCertificateAuthority({ store, trustDomain: 'heddle.local', clock, log })
  const reviewer: TokenReviewer | undefined = verdict && { review: () => Promise.resolve(verdict) }
  const { spiffeId = WEB, peer = {}, namespace = 'heddle', token = TOKEN } = asked
  const isOfWorkload = () => asked.isOfWorkload === true
  const service = new IdentityService({ ca, tokens, reviewer, isOfWorkload, namespace, clock, log })
  const csr = createCsr((await createWorkloadKey()).privateKey, spiffeId)
  const answer = await service.sign({ csr, joinToken: '', serviceAccountToken: token }, peer)
  return answer.kind === 'signed' ? { reason: 'signed', spiffeId: answer.spiffeId } : answer
}

const UNAVAILABLE: ReviewVerdict = { kind: 'refused', reason: 'token_review_unavailable', detail: 'ECONNREFUSED' }

describe('a workload with the token of its service account', () => {
  test('gets a certificate for the identity of that account', async () => {
    expect(await sign({ kind: 'good', account: ACCOUNT }, {})).toEqual({ reason: 'signed', spiffeId: WEB })
    expect(lines.join('')).not.toContain(TOKEN)
  })

  test.each([
    { name: 'another namespace', spiffeId: 'spiffe://heddle.local/ns/other/sa/web' },
    { name: 'another account', spiffeId: 'spiffe://heddle.local/ns/emojivote/sa/voting' },
    { name: 'another trust domain', spiffeId: 'spiffe://other/ns/emojivote/sa/web' },
  ])('does not get the identity of $name', async ({ spiffeId }) => {
    const answer = await sign({ kind: 'good', account: ACCOUNT }, { spiffeId })
    expect(answer).toMatchObject({ reason: 'csr_identity', code: 'permission_denied' })
  })

  test.each([{ namespace: 'heddle' }, { namespace: 'mesh' }])(
    'does not become the control plane of namespace $namespace',
    async ({ namespace }) => {
      const account = { namespace, serviceAccount: 'control-plane' }
      const spiffeId = `spiffe://heddle.local/ns/${namespace}/sa/control-plane`
      expect(await sign({ kind: 'good', account }, { spiffeId, namespace })).toMatchObject({
        reason: 'reserved_identity',
      })
    },
  )

  test('is told why the token is refused', async () => {
    const detail = 'service account token has expired'
    const answer = await sign({ kind: 'refused', reason: 'token_review_refused', detail }, {})
    expect(answer).toMatchObject({ reason: 'token_review_refused', code: 'unauthenticated' })
    expect(answer).toMatchObject({ message: expect.stringContaining(detail) })
  })

  test('is told to come back while the API server is away', async () => {
    expect(await sign(UNAVAILABLE, {})).toMatchObject({ reason: 'token_review_unavailable', code: 'unavailable' })
  })

  test('renews by its certificate while the API server is away', async () => {
    expect(await sign(UNAVAILABLE, { peer: { spiffeId: WEB } })).toEqual({ reason: 'signed', spiffeId: WEB })
  })

  test('is not renewed by whoever keeps the reviews busy himself', async () => {
    const busy: ReviewVerdict = { kind: 'refused', reason: 'token_review_busy' }
    const answer = await sign(busy, { peer: { spiffeId: WEB } })
    expect(answer).toMatchObject({ reason: 'token_review_busy', code: 'unavailable' })
  })

  test('gets no further certificate when its pod was deleted, though its present one is good', async () => {
    const refusal: ReviewVerdict = { kind: 'refused', reason: 'token_review_refused', detail: 'pod not found' }
    expect(await sign(refusal, { peer: { spiffeId: WEB } })).toMatchObject({ reason: 'token_review_refused' })
  })

  test('is not renewed by whoever has taken its key and its certificate, but not its token', async () => {
    const thief = { peer: { spiffeId: WEB }, token: '' }
    const answer = await sign({ kind: 'good', account: ACCOUNT }, thief)
    expect(answer).toMatchObject({ reason: 'token_needed', code: 'unauthenticated' })
    expect(await sign({ kind: 'good', account: ACCOUNT }, { ...thief, isOfWorkload: true })).toMatchObject({
      reason: 'signed',
    })
    expect(await sign(undefined, thief)).toMatchObject({ reason: 'signed' })
  })

  test('cannot use it over the connection of another', async () => {
    const peer = { spiffeId: 'spiffe://heddle.local/ns/emojivote/sa/voting' }
    const answer = await sign({ kind: 'good', account: ACCOUNT }, { peer })
    expect(answer).toMatchObject({ reason: 'token_of_another', code: 'permission_denied' })
  })

  test('has to show something else where there is no cluster', async () => {
    expect(await sign(undefined, {})).toMatchObject({ reason: 'token_reviews_not_here', code: 'unauthenticated' })
  })
})
