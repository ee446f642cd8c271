import { createPublicKey, X509Certificate } from 'node:crypto'
import type { SignResponseJson } from '@heddle/api/identity'
import { createLog } from '@heddle/base/log'
import { createCsr } from '@heddle/identity/csr'
import { createWorkloadKey } from '@heddle/identity/key-pair'
import { Registry } from '@heddle/telemetry/registry'
import { ManualClock } from '@heddle/testkit/manual-clock'
import { createTestAuthority, type TestAuthority } from '@heddle/testkit/test-authority'
import { describe, expect, test } from 'vitest'
import { bugList } from '../../test/bug-list.ts'
import { until } from '../../test/until.ts'
import { ControlError } from '../control/control-error.ts'
import type { TlsMaterial } from '../workload.ts'
import { IssuedIdentity } from './issued-identity.ts'
import { JoinTokenError } from './join-token.ts'

const SPIFFE_ID = 'spiffe://heddle.local/ns/emojivote/sa/voting'
const HOUR_MS = 3_600_000
const DAY_MS = 24 * HOUR_MS

interface World {
  readonly clock: ManualClock
  readonly authority: TestAuthority
  readonly identity: IssuedIdentity
  readonly tokens: string[]
  readonly lines: { level: string; msg: string }[]
  readonly tokensWanted: string[]
  readonly registry: Registry
  readonly bugs: readonly string[]
  failing: Error | undefined
  answer: (response: SignResponseJson) => SignResponseJson
  tokensRead: number
  /** Bundles. */
  told: string[]
  /** Signs from now on. */
  signer: TestAuthority
}

async function world(): Promise<World> {
  const clock = new ManualClock(Date.now())
  const authority = await createTestAuthority(clock, DAY_MS)
  const lines: { level: string; msg: string }[] = []
  const registry = new Registry()
  const { bugs, onBug } = bugList()
  const self: World = {
    clock,
    authority,
    signer: authority,
    tokens: [],
    tokensWanted: [],
    lines,
    registry,
    bugs,
    failing: undefined,
    answer: (response) => response,
    tokensRead: 0,
    told: [],
    identity: new IssuedIdentity({
      spiffeId: SPIFFE_ID,
      trustBundlePem: authority.trustBundlePem,
      readProof: ({ hasCertificate }) => {
        if (!hasCertificate) self.tokensRead += 1
        return Promise.resolve({ joinToken: hasCertificate ? '' : 'secret-token', serviceAccountToken: '' })
      },
      sign: async (csr, { joinToken }) => {
        self.tokens.push(joinToken)
        if (self.failing !== undefined) throw self.failing
        return self.answer(await self.signer.sign(csr))
      },
      onTrust: (pem) => void self.told.push(pem),
      onTokenWanted: (reason) => void self.tokensWanted.push(reason),
      clock,
      log: createLog((line) => void lines.push(JSON.parse(line)), 'debug'),
      registry,
      onBug,
      random: () => 0,
    }),
  }
  return self
}

async function certified(self: World, signal: AbortSignal): Promise<void> {
  void self.identity.run(signal)
  await until(() => self.identity.current() !== undefined && self.clock.waiting === 1)
}

describe('IssuedIdentity', () => {
  test('gets its first certificate by the join token, for its own SPIFFE id and a key of its own', async () => {
    const self = await world()
    const abort = new AbortController()
    expect(self.identity.credentials()).toEqual({ trustBundlePem: self.authority.trustBundlePem })
    await certified(self, abort.signal)
    abort.abort()

    const current = self.identity.current()!
    const leaf = new X509Certificate(current.certificateChainPem)
    expect(leaf.subjectAltName).toBe(`URI:${SPIFFE_ID}`)
    expect(leaf.publicKey.equals(createPublicKey(current.privateKeyPem))).toBe(true)
    expect(self.tokens).toEqual(['secret-token'])
    expect(self.identity.serverName).toBe('voting.emojivote.sa.heddle.local')
    expect(self.identity.credentials().certificateChainPem).toBe(current.certificateChainPem)
    expect(self.registry.render()).toContain(
      `heddle_certificate_expiration_timestamp_seconds ${current.notAfterMs / 1000}\n`,
    )
  })

  test('renews at 70 % of the life, by its certificate, with a new key, and tells listeners', async () => {
    const self = await world()
    const abort = new AbortController()
    const seen: TlsMaterial[] = []
    self.identity.onRotate((material) => seen.push(material), abort.signal)
    await certified(self, abort.signal)
    const first = self.identity.current()!
    const lifeMs = first.notAfterMs - first.notBeforeMs
    const renewAtMs = first.notBeforeMs + 0.7 * lifeMs

    await self.clock.advanceAsync(renewAtMs - self.clock.nowMs() - 1000)
    expect(self.identity.current()).toBe(first)
    await self.clock.advanceAsync(2000)
    await until(() => self.identity.current() !== first)
    abort.abort()

    expect(self.tokens).toEqual(['secret-token', ''])
    expect(self.tokensRead).toBe(1)
    expect(self.identity.current()!.privateKeyPem).not.toBe(first.privateKeyPem)
    expect(seen).toEqual([first, self.identity.current()])
  })

  test('a user of the certificate that fails takes the next one, and the others have this one', async () => {
    const self = await world()
    const abort = new AbortController()
    const seen: TlsMaterial[] = []
    let failures = 1
    self.identity.onRotate(() => {
      failures -= 1
      if (failures >= 0) throw new Error('a listener with a bug')
    }, abort.signal)
    self.identity.onRotate((material) => seen.push(material), abort.signal)
    await certified(self, abort.signal)
    expect(self.bugs).toEqual(['certificate: a listener with a bug'])
    expect(seen).toEqual([self.identity.current()])

    await self.clock.advanceAsync(1_000)
    await until(() => seen.length === 2)
    abort.abort()
    expect(self.bugs).toHaveLength(1)
  })

  test('renews when the clock is set back to before its certificate begins', async () => {
    const self = await world()
    const abort = new AbortController()
    self.clock.setWall(8 * HOUR_MS)
    await certified(self, abort.signal)
    const first = self.identity.current()!
    self.clock.setWall(-8 * HOUR_MS)
    await self.clock.advanceAsync(60_000)
    await until(() => self.identity.current() !== first)
    abort.abort()
    expect(self.identity.current()!.notBeforeMs).toBeLessThanOrEqual(self.clock.nowMs())
  })

  test('tries again with backoff while the authority is away, keeps its certificate, and warns near the end', async () => {
    const self = await world()
    const abort = new AbortController()
    await certified(self, abort.signal)
    const first = self.identity.current()!
    self.failing = new Error('connect refused')

    const waits: number[] = []
    const turn = async () => {
      const tries = self.tokens.length
      const fromMs = self.clock.nowMs()
      while (self.tokens.length === tries) {
        await self.clock.advanceAsync(100)
        await until(() => self.clock.waiting === 1)
      }
      return self.clock.nowMs() - fromMs
    }
    await self.clock.advanceAsync(
      first.notBeforeMs + 0.7 * (first.notAfterMs - first.notBeforeMs) - self.clock.nowMs() + 1,
    )
    await until(() => self.tokens.length === 2 && self.clock.waiting === 1)
    for (let tries = 0; tries < 9; tries++) waits.push(await turn())

    expect(waits).toEqual([200, 400, 800, 1600, 3200, 6400, 12_800, 25_600, 30_000])
    expect(self.identity.current()).toBe(first)
    expect(levelsOf(self)).toEqual(['info'])

    await self.clock.advanceAsync(first.notAfterMs - HOUR_MS - self.clock.nowMs())
    await until(() => self.clock.waiting === 1)
    await turn()
    expect(levelsOf(self)).toContain('warn')

    self.failing = undefined
    await turn()
    await until(() => self.identity.current() !== first)
    abort.abort()
    expect(self.tokens.at(-1)).toBe('')
  })

  test('shows no certificate that ran out, and joins again by token', async () => {
    const self = await world()
    const abort = new AbortController()
    await certified(self, abort.signal)
    const first = self.identity.current()!
    self.failing = new Error('away')
    await self.clock.advanceAsync(DAY_MS + HOUR_MS)
    await until(() => self.clock.waiting === 1)
    expect(self.identity.credentials()).toEqual({ trustBundlePem: self.authority.trustBundlePem })

    self.failing = undefined
    await self.clock.advanceAsync(30_000)
    await until(() => self.identity.current() !== first)
    abort.abort()
    expect(self.tokens.at(-1)).toBe('secret-token')
    expect(self.lines.some(({ msg, level }) => msg === 'certificate not renewed' && level === 'error')).toBe(true)
  })

  test.each([
    { name: 'that is refused', error: new ControlError('unauthenticated', 'the join token was used already') },
    { name: 'of another identity', error: new ControlError('permission_denied', 'not the caller’s') },
    { name: 'that is not there', error: new JoinTokenError('no join token at /nowhere') },
  ])('asks for another join token in place of one $name, at each try', async ({ error }) => {
    const self = await world()
    self.failing = error
    const abort = new AbortController()
    void self.identity.run(abort.signal)
    await until(() => self.clock.waiting === 1)
    await self.clock.advanceAsync(200)
    await until(() => self.tokensWanted.length === 2)
    abort.abort()
    expect(self.tokensWanted).toEqual([error.message, error.message])
  })

  test.each([
    { name: 'the control plane is away', error: new ControlError('unreachable', 'connection refused') },
    { name: 'the authority cannot sign', error: new ControlError('unavailable', 'cannot sign now') },
  ])('asks for no other join token when $name', async ({ error }) => {
    const self = await world()
    self.failing = error
    const abort = new AbortController()
    void self.identity.run(abort.signal)
    await until(() => self.clock.waiting === 1)
    abort.abort()
    expect(self.tokensWanted).toEqual([])
  })

  test('asks for no join token while its certificate is good, whatever it is refused for', async () => {
    const self = await world()
    const abort = new AbortController()
    await certified(self, abort.signal)
    self.failing = new ControlError('unauthenticated', 'the certificate is not valid here')
    await self.clock.advanceAsync(0.75 * DAY_MS)
    await until(() => self.tokens.length > 1 && self.clock.waiting === 1)
    expect(self.tokensWanted).toEqual([])
    await self.clock.advanceAsync(DAY_MS)
    await until(() => self.tokensWanted.length > 0)
    abort.abort()
  })

  test.each([
    { name: 'a minute ahead', skewMs: 59_000, good: true },
    { name: 'two minutes ahead', skewMs: 120_000, good: false },
  ])('takes a certificate of an authority whose clock is $name: $good', async ({ skewMs, good }) => {
    const self = await world()
    self.authority.skewMs = skewMs
    const abort = new AbortController()
    void self.identity.run(abort.signal)
    await until(() => self.clock.waiting === 1)
    abort.abort()
    expect(self.identity.current() !== undefined).toBe(good)
  })

  test.each([
    { name: 'of another key', answer: ofAnotherKey },
    {
      name: 'that is none',
      answer: () => Promise.resolve('-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----\n'),
    },
  ])('keeps what it has when it is given a certificate $name', async ({ answer }) => {
    const self = await world()
    const chain = await answer(self)
    self.answer = (response) => ({ ...response, certificateChainPem: chain })
    const abort = new AbortController()
    void self.identity.run(abort.signal)
    await until(() => self.clock.waiting === 1)
    abort.abort()
    expect(self.identity.current()).toBeUndefined()
    expect(self.lines.map(({ msg }) => msg)).toEqual(['no certificate yet'])
  })

  test('asks again with the same key when an answer was lost, since its token is good for no other', async () => {
    const self = await world()
    const keys: string[] = []
    self.answer = (response) => {
      const leaf = new X509Certificate(response.certificateChainPem ?? '')
      keys.push(leaf.publicKey.export({ format: 'pem', type: 'spki' }).toString())
      if (keys.length === 1) throw new Error('lost')
      return response
    }
    const abort = new AbortController()
    void self.identity.run(abort.signal)
    await until(() => self.clock.waiting === 1)
    await self.clock.advanceAsync(1000)
    await until(() => self.identity.current() !== undefined)
    abort.abort()
    expect(keys).toHaveLength(2)
    expect(keys[1]).toBe(keys[0])
  })

  test('takes over a new trust bundle without a new certificate', async () => {
    const self = await world()
    const abort = new AbortController()
    await certified(self, abort.signal)
    const first = self.identity.current()!
    const seen: TlsMaterial[] = []
    self.identity.onRotate((material) => seen.push(material), abort.signal)
    const bundle = `${(await createTestAuthority(self.clock, DAY_MS)).trustBundlePem}${first.trustBundlePem}`
    self.identity.trust(bundle)
    self.identity.trust(bundle)
    abort.abort()
    expect(seen).toEqual([{ ...first, trustBundlePem: bundle }])
    expect(self.identity.credentials().trustBundlePem).toBe(bundle)
    expect(self.told).toEqual([first.trustBundlePem, bundle, bundle])
  })

  test('asks at once for another certificate when the root of the present one is retired, and shows the present one to nobody', async () => {
    const self = await world()
    const abort = new AbortController()
    await certified(self, abort.signal)
    const first = self.identity.current()!
    const next = await createTestAuthority(self.clock, DAY_MS)
    self.failing = new Error('away')
    self.identity.trust(next.trustBundlePem)
    expect(self.identity.credentials()).toEqual({ trustBundlePem: next.trustBundlePem })
    await until(() => self.tokens.length === 2 && self.clock.waiting === 1)
    self.failing = undefined
    self.signer = next
    await self.clock.advanceAsync(1_000)
    await until(() => self.identity.current()!.serial !== first.serial)
    expect(self.tokens).toEqual(['secret-token', 'secret-token', 'secret-token'])
    expect(self.identity.credentials().certificateChainPem).toBe(self.identity.current()!.certificateChainPem)
    await until(() => self.clock.waiting === 1)
    abort.abort()
    expect(self.tokens).toHaveLength(3)
  })

  test('writes neither key nor token into its log', async () => {
    const self = await world()
    self.failing = new Error('away')
    const abort = new AbortController()
    void self.identity.run(abort.signal)
    await until(() => self.clock.waiting === 1)
    self.failing = undefined
    await self.clock.advanceAsync(1000)
    await until(() => self.identity.current() !== undefined)
    abort.abort()
    const text = JSON.stringify(self.lines)
    expect(text).toContain('no certificate yet')
    expect(text).not.toContain('secret-token')
    expect(text).not.toContain('PRIVATE KEY')
  })
})

async function ofAnotherKey(self: World): Promise<string> {
  const { privateKey } = await createWorkloadKey()
  return (await self.authority.sign(createCsr(privateKey, SPIFFE_ID))).certificateChainPem
}

function levelsOf(self: World): string[] {
  const renewals = self.lines.filter(({ msg }) => msg === 'certificate not renewed')
  return [...new Set(renewals.map(({ level }) => level))]
}
