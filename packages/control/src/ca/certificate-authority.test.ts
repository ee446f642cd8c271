import { createPublicKey, X509Certificate } from 'node:crypto'
import { chmod, mkdir, mkdtemp, readdir, readFile, rm, stat, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { createLog } from '@heddle/base/log'
import { readCertificate, readPemCertificates } from '@heddle/identity/certificate'
import { createWorkloadKey } from '@heddle/identity/key-pair'
import { ManualClock } from '@heddle/testkit/manual-clock'
import { afterEach, beforeEach, describe, expect, test } from 'vitest'
import { directoryStore } from './authority-store.ts'
import { CaError } from './ca-error.ts'
import { type CertificateAuthority, openCertificateAuthority } from './certificate-authority.ts'

const HOUR_MS = 3_600_000
const DAY_MS = 24 * HOUR_MS
const WEB = 'spiffe://heddle.local/ns/emojivote/sa/web'

let base: string
let dir: string
let clock: ManualClock
const log = createLog(() => undefined, 'off')

beforeEach(async () => {
  base = await mkdtemp(join(tmpdir(), 'heddle-ca-'))
  dir = join(base, 'state', 'ca')
  clock = new ManualClock()
})

afterEach(() => rm(base, { recursive: true, force: true }))

function open(more: { trustDomain?: string; leafLifeMs?: number } = {}): Promise<CertificateAuthority> {
  return openCertificateAuthority({ store: directoryStore(dir), trustDomain: 'heddle.local', clock, log, ...more })
}

async function sign(ca: CertificateAuthority) {
  const { privateKey } = await createWorkloadKey()
  const publicKeyDer = createPublicKey(privateKey).export({ format: 'der', type: 'spki' })
  return await ca.sign({ publicKeyDer, spiffeId: WEB })
}

async function problemOfOpening(more = {}): Promise<string> {
  const error = await open(more).then(
    () => undefined,
    (problem: unknown) => problem,
  )
  expect(error).toBeInstanceOf(CaError)
  return (error as CaError).message
}

describe('the directory', () => {
  test('is made at the first start for its owner only, and used again afterwards', async () => {
    const first = await open()
    expect((await stat(dir)).mode & 0o777).toBe(0o700)
    expect((await readdir(dir)).sort()).toEqual(['issuer.pem', 'root.pem'])
    for (const file of ['issuer.pem', 'root.pem']) expect((await stat(join(dir, file))).mode & 0o777).toBe(0o600)
    const second = await open()
    expect(second.trustBundlePem).toBe(first.trustBundlePem)
    expect(second.health()).toEqual(first.health())
  })

  test('gets one root and one issuer, whoever of many starts first', async () => {
    const authorities = await Promise.all(Array.from({ length: 8 }, () => open()))
    expect(new Set(authorities.map((ca) => ca.trustBundlePem)).size).toBe(1)
    const chains = await Promise.all(authorities.map(sign))
    expect(new Set(chains.map(({ chainPem }) => readPemCertificates(chainPem)[1]!.toString())).size).toBe(1)
    expect((await readdir(dir)).sort()).toEqual(['issuer.pem', 'root.pem'])
  })

  test('gets a new issuer by the same root when a crash left it without', async () => {
    const before = await open()
    await rm(join(dir, 'issuer.pem'))
    const after = await open()
    expect(after.trustBundlePem).toBe(before.trustBundlePem)
    expectIssuedBy(await sign(after), before.trustBundlePem)
  })

  test.each([
    { name: 'a directory open to others', change: () => chmod(dir, 0o750), problem: /open to other users .*chmod 700/ },
    { name: 'a root open to others', change: () => chmod(join(dir, 'root.pem'), 0o640), problem: /chmod 600/ },
    { name: 'an issuer open to others', change: () => chmod(join(dir, 'issuer.pem'), 0o604), problem: /chmod 600/ },
    { name: 'an empty root', change: () => writeFile(join(dir, 'root.pem'), ''), problem: /root.pem: damaged/ },
    { name: 'a root cut off', change: () => cut('root.pem'), problem: /root.pem: damaged/ },
    { name: 'a damaged issuer', change: () => damage('issuer.pem'), problem: /issuer.pem: damaged/ },
    { name: 'a key of another certificate', change: () => swapKeys(), problem: /the key is not that of the certif/ },
    { name: 'a directory in the place of a file', change: () => replaceByDirectory(), problem: /not a plain file/ },
  ])('is refused with $name, and left as it is', async ({ change, problem }) => {
    await open()
    await change()
    const listed = (await readdir(dir)).sort()
    expect(await problemOfOpening()).toMatch(problem)
    expect((await readdir(dir)).sort()).toEqual(listed)
  })

  test('is refused with an issuer that another root signed', async () => {
    await open()
    const foreign = await readFile(join(dir, 'issuer.pem'))
    await rm(dir, { recursive: true })
    await open()
    await writeFile(join(dir, 'issuer.pem'), foreign)
    expect(await problemOfOpening()).toMatch(/issuer was not signed by the root beside it/)
  })

  test('is refused without the root of its issuer, and makes no other in its place', async () => {
    await open()
    await rm(join(dir, 'root.pem'))
    expect(await problemOfOpening()).toMatch(/root.pem: missing, though its issuer is there/)
    expect(await readdir(dir)).toEqual(['issuer.pem'])
  })

  test('is refused for another trust domain, or for what cannot be one', async () => {
    await open()
    expect(await problemOfOpening({ trustDomain: 'other.example' })).toMatch(/is of spiffe:\/\/heddle.local, not of/)
    expect(await problemOfOpening({ trustDomain: 'Not A Domain' })).toMatch(/cannot be a trust domain/)
  })

  test('is refused when the root has expired, or this clock is before its time', async () => {
    await open()
    clock.advance(-2 * HOUR_MS)
    expect(await problemOfOpening()).toMatch(/clock says 2025-12-31T22:00/)
    clock.advance(2 * HOUR_MS + 3650 * DAY_MS)
    expect(await problemOfOpening()).toMatch(/the root expired at/)
  })

  test('is refused where there cannot be one', async () => {
    await writeFile(join(base, 'state'), '')
    expect(await problemOfOpening()).toContain(dir)
  })
})

describe('a certificate', () => {
  test('is what X509-SVID asks for', async () => {
    const ca = await open()
    const signed = await sign(ca)
    const leaf = new X509Certificate(signed.chainPem)
    const facts = readCertificate(leaf.raw)
    expect(facts).toEqual({
      serial: signed.serial,
      notBeforeMs: clock.nowMs() - 60_000,
      notAfterMs: clock.nowMs() + DAY_MS,
      isAuthority: false,
      uris: [WEB],
    })
    expect(signed).toMatchObject({ notBeforeMs: facts.notBeforeMs, notAfterMs: facts.notAfterMs })
    expect(signed.serial).toMatch(/^[4-7][0-9A-F]{31}$/)
    expect(leaf.subject ?? '').toBe('')
    // serverAuth and clientAuth.
    expect(leaf.keyUsage).toEqual(['1.3.6.1.5.5.7.3.1', '1.3.6.1.5.5.7.3.2'])
    expect(leaf.publicKey.asymmetricKeyDetails).toMatchObject({ namedCurve: 'prime256v1' })
    expectIssuedBy(signed, ca.trustBundlePem)
  })

  test('has a serial of its own', async () => {
    const ca = await open()
    const serials = await Promise.all(Array.from({ length: 20 }, async () => (await sign(ca)).serial))
    expect(new Set(serials).size).toBe(20)
  })

  test('lives as long as configured', async () => {
    const ca = await open({ leafLifeMs: HOUR_MS })
    expect((await sign(ca)).notAfterMs).toBe(clock.nowMs() + HOUR_MS)
    expect(await problemOfOpening({ leafLifeMs: 100 })).toMatch(/cannot live for 100 ms/)
    expect(await problemOfOpening({ leafLifeMs: Number.NaN })).toMatch(/cannot live/)
  })

  test('of a very short life is not due for renewal when it is made', async () => {
    const signed = await sign(await open({ leafLifeMs: 10_000 }))
    expect(signed).toMatchObject({ notBeforeMs: clock.nowMs() - 1000, notAfterMs: clock.nowMs() + 10_000 })
  })

  test('never outlives its issuer', async () => {
    const ca = await open({ leafLifeMs: 30 * DAY_MS })
    // The disk refuses the new issuer, so the old one goes on to its end.
    clock.advance(360 * DAY_MS)
    await spoilDirectory()
    const signed = await sign(ca)
    expect(signed.notAfterMs).toBe(ca.health().issuerNotAfterMs)
    clock.advance(6 * DAY_MS)
    await expect(sign(ca)).rejects.toThrow(/issuer of certificates is not valid now/)
  })
})

describe('the issuer', () => {
  test('is replaced at 70 % of its life by one of the same root, once for all who wait', async () => {
    const ca = await open()
    const before = await sign(ca)
    clock.advance(200 * DAY_MS)
    expect(issuerOf(await sign(ca))).toEqual(issuerOf(before))
    clock.advance(60 * DAY_MS)

    const after = await Promise.all([sign(ca), sign(ca), sign(ca)])

    expect(new Set(after.map((signed) => issuerOf(signed).toString())).size).toBe(1)
    expect(issuerOf(after[0])).not.toEqual(issuerOf(before))
    expect(ca.health().issuerNotAfterMs).toBe(clock.nowMs() + 365 * DAY_MS)
    for (const signed of [before, ...after]) expectIssuedBy(signed, ca.trustBundlePem)
    expect(issuerOf(await sign(await open()))).toEqual(issuerOf(after[0]))
  })

  test('that expired while nobody ran is replaced at the first request', async () => {
    const { trustBundlePem } = await open()
    clock.advance(500 * DAY_MS)
    const ca = await open()
    expectIssuedBy(await sign(ca), trustBundlePem)
    expect(ca.health().issuerNotAfterMs).toBe(clock.nowMs() + 365 * DAY_MS)
  })

  test('is tried again a minute after it could not be written', async () => {
    const ca = await open()
    clock.advance(300 * DAY_MS)
    const before = ca.health().issuerNotAfterMs
    await spoilDirectory()
    await sign(ca)
    await rm(dir)
    await sign(ca)
    expect(ca.health().issuerNotAfterMs).toBe(before)
    clock.advance(60_000)
    await sign(ca)
    expect(ca.health().issuerNotAfterMs).toBe(clock.nowMs() + 365 * DAY_MS)
  })
})

function issuerOf(signed: { readonly chainPem: string } | undefined): Uint8Array {
  return readPemCertificates(signed!.chainPem)[1]!
}

function expectIssuedBy(signed: { readonly chainPem: string }, trustBundlePem: string): void {
  const [leaf, issuer] = readPemCertificates(signed.chainPem).map((der) => new X509Certificate(der))
  const root = new X509Certificate(trustBundlePem)
  expect(leaf!.checkIssued(issuer!) && leaf!.verify(issuer!.publicKey)).toBe(true)
  expect(issuer!.checkIssued(root) && issuer!.verify(root.publicKey)).toBe(true)
  expect(root.checkIssued(root) && root.verify(root.publicKey)).toBe(true)
}

async function cut(name: string): Promise<void> {
  const text = await readFile(join(dir, name), 'utf8')
  await writeFile(join(dir, name), text.slice(0, text.length / 2))
}

async function damage(name: string): Promise<void> {
  const text = await readFile(join(dir, name), 'utf8')
  await writeFile(join(dir, name), text.replace(/\n.{20}/, '\nAAAAAAAAAAAAAAAAAAAA'))
}

async function swapKeys(): Promise<void> {
  const [root, issuer] = await Promise.all(['root.pem', 'issuer.pem'].map((name) => readFile(join(dir, name), 'utf8')))
  const keyOf = (text: string) => text.slice(text.indexOf('-----BEGIN PRIVATE'))
  await writeFile(join(dir, 'root.pem'), root!.replace(keyOf(root!), keyOf(issuer!)))
}

/** Nothing can be written there any more. */
async function spoilDirectory(): Promise<void> {
  await rm(dir, { recursive: true })
  await writeFile(dir, '')
}

async function replaceByDirectory(): Promise<void> {
  await rm(join(dir, 'root.pem'))
  await mkdir(join(dir, 'root.pem'))
}
