import { chmod, mkdir, mkdtemp, readFile, rm, stat, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { ManualClock } from '@heddle/testkit/manual-clock'
import { afterEach, beforeEach, expect, test } from 'vitest'
import { CaError } from './ca-error.ts'
import { type JoinTokenRequest, type JoinTokens, openJoinTokens } from './join-tokens.ts'

const MINUTE_MS = 60_000
const WEB = 'spiffe://heddle.local/ns/emojivote/sa/web'
const FOR_WEB: JoinTokenRequest = {
  namespace: 'emojivote',
  serviceAccount: 'web',
  ttlMs: 10 * MINUTE_MS,
  reusable: false,
}

let dir: string
let file: string
let clock: ManualClock

beforeEach(async () => {
  dir = await mkdtemp(join(tmpdir(), 'heddle-tokens-'))
  file = join(dir, 'join-tokens.json')
  clock = new ManualClock()
})

afterEach(() => rm(dir, { recursive: true, force: true }))

function open(maxTokens = 100): Promise<JoinTokens> {
  return openJoinTokens({ file, trustDomain: 'heddle.local', clock, maxTokens })
}

test('a token is good for the identity it was made for, once', async () => {
  const tokens = await open()
  const { token, expiresMs } = await tokens.create(FOR_WEB)
  expect(token).toMatch(/^hdl1\.[\w-]{12}\.[\w-]{43}$/)
  expect(expiresMs).toBe(clock.nowMs() + 10 * MINUTE_MS)
  expect(await tokens.redeem(token, 'key-1')).toMatchObject({ kind: 'good', spiffeId: WEB })
  expect(await tokens.redeem(token, 'key-2')).toEqual({ kind: 'refused', reason: 'token_used' })
})

test('of many who redeem a token at once, one key gets it', async () => {
  const tokens = await open()
  const { token } = await tokens.create(FOR_WEB)
  const verdicts = await Promise.all(Array.from({ length: 10 }, (_, i) => tokens.redeem(token, `key-${i}`)))
  expect(verdicts.map(({ kind }) => kind)).toEqual(['good', ...Array(9).fill('refused')])
})

test('the same key may redeem a token again for 5 minutes, also when it would have expired by then', async () => {
  const tokens = await open()
  const { token } = await tokens.create(FOR_WEB)
  clock.advance(9 * MINUTE_MS)
  await tokens.redeem(token, 'key-1')
  clock.advance(5 * MINUTE_MS - 1)
  expect(await tokens.redeem(token, 'key-1')).toMatchObject({ kind: 'good' })
  clock.advance(1)
  expect(await tokens.redeem(token, 'key-1')).toEqual({ kind: 'refused', reason: 'token_used' })
})

test('a reusable token is good for any number of keys until it expires', async () => {
  const tokens = await open()
  const { token } = await tokens.create({ ...FOR_WEB, reusable: true })
  clock.advance(10 * MINUTE_MS - 1)
  for (const key of ['key-1', 'key-2', 'key-3']) expect(await tokens.redeem(token, key)).toMatchObject({ kind: 'good' })
  clock.advance(1)
  expect(await tokens.redeem(token, 'key-1')).toEqual({ kind: 'refused', reason: 'token_expired' })
})

test.each([
  { name: 'nothing', change: () => '', reason: 'token_malformed' },
  { name: 'another text', change: () => 'let me in', reason: 'token_malformed' },
  { name: 'a token cut off', change: (token: string) => token.slice(0, -1), reason: 'token_malformed' },
  { name: 'a token with a line end', change: (token: string) => `${token}\n`, reason: 'token_malformed' },
  {
    name: 'a guessed id',
    change: (token: string) => token.replace(/\..{12}\./, '.AAAAAAAAAAAA.'),
    reason: 'token_unknown',
  },
  {
    name: 'a guessed secret',
    change: (token: string) => `${token.slice(0, 18)}${'A'.repeat(43)}`,
    reason: 'token_unknown',
  },
] as const)('$name is refused', async ({ change, reason }) => {
  const tokens = await open()
  const { token } = await tokens.create(FOR_WEB)
  expect(await tokens.redeem(change(token), 'key')).toEqual({ kind: 'refused', reason })
  expect(await tokens.redeem(token, 'key')).toMatchObject({ kind: 'good' })
})

test('an expired token is refused', async () => {
  const tokens = await open()
  const { token } = await tokens.create(FOR_WEB)
  clock.advance(10 * MINUTE_MS)
  expect(await tokens.redeem(token, 'key')).toEqual({ kind: 'refused', reason: 'token_expired' })
})

test('a restart forgets no token, gives no used one back, and still knows the key which used it', async () => {
  const before = await open()
  const [unused, used] = [await before.create(FOR_WEB), await before.create(FOR_WEB)]
  await before.redeem(used.token, 'key-1')

  const after = await open()

  expect(await after.redeem(unused.token, 'key-2')).toMatchObject({ kind: 'good', spiffeId: WEB })
  expect(await after.redeem(used.token, 'key-2')).toEqual({ kind: 'refused', reason: 'token_used' })
  expect(await after.redeem(used.token, 'key-1')).toMatchObject({ kind: 'good' })
})

test('a token is used up on the disk before it is answered', async () => {
  const tokens = await open()
  const { token } = await tokens.create(FOR_WEB)
  await tokens.redeem(token, 'key-1')
  // Another process reads at this very moment, as after a crash.
  expect((await open()).check(token, 'key-2')).toEqual({ kind: 'refused', reason: 'token_used' })
})

test('where the disk refuses, nobody gets the token, and the same key may try again', async () => {
  const tokens = await open()
  const { token } = await tokens.create(FOR_WEB)
  await rm(dir, { recursive: true })
  await expect(tokens.redeem(token, 'key-1')).rejects.toThrow(/ENOENT/)
  await expect(tokens.redeem(token, 'key-1')).rejects.toThrow(/ENOENT/)
  expect(await tokens.redeem(token, 'key-2')).toEqual({ kind: 'refused', reason: 'token_used' })
})

test('a token that the disk did not let redeem is good for its key until it expires', async () => {
  const tokens = await open()
  const { token } = await tokens.create(FOR_WEB)
  await rm(dir, { recursive: true })
  await expect(tokens.redeem(token, 'key-1')).rejects.toThrow('ENOENT')
  clock.advance(8 * MINUTE_MS)
  await expect(tokens.redeem(token, 'key-1')).rejects.toThrow('ENOENT')
  expect(await tokens.redeem(token, 'key-2')).toEqual({ kind: 'refused', reason: 'token_used' })
  await mkdir(dir)
  expect(await tokens.redeem(token, 'key-1')).toMatchObject({ kind: 'good' })
  clock.advance(4 * MINUTE_MS)
  expect(await (await open()).redeem(token, 'key-1')).toMatchObject({ kind: 'good' })
  clock.advance(MINUTE_MS)
  expect(await tokens.redeem(token, 'key-1')).toEqual({ kind: 'refused', reason: 'token_used' })
})

test('a token that could not be kept takes no room', async () => {
  const tokens = await open(1)
  await rm(dir, { recursive: true })
  await expect(tokens.create(FOR_WEB)).rejects.toThrow('ENOENT')
  await mkdir(dir)
  await expect(tokens.create(FOR_WEB)).resolves.toMatchObject({ token: expect.any(String) })
})

test('the file is for its owner only and has no secret in it', async () => {
  const tokens = await open()
  const { token } = await tokens.create(FOR_WEB)
  expect((await stat(file)).mode & 0o777).toBe(0o600)
  expect(await readFile(file, 'utf8')).not.toContain(token.split('.')[2])
})

test.each([
  { name: 'no JSON', text: 'nonsense' },
  { name: 'of no version', text: '{"version":0,"tokens":[]}' },
  { name: 'with half a record', text: '{"version":1,"tokens":[{"id":"a"}]}' },
])('a file $name is refused', async ({ text }) => {
  await writeFile(file, text, { mode: 0o600 })
  await expect(open()).rejects.toThrow(/damaged; remove it/)
})

test('a file of a later version is told to be that', async () => {
  await writeFile(file, '{"version":2,"tokens":{}}', { mode: 0o600 })
  await expect(open()).rejects.toThrow(
    `${file}: a later version of Heddle wrote it (its format is 2, this version reads 1); go on with that version, or remove it`,
  )
})

test('a file open to others is refused', async () => {
  await (await open()).create(FOR_WEB)
  await chmod(file, 0o644)
  await expect(open()).rejects.toThrow(CaError)
})

test('there are never more tokens than the limit, and expired ones make room', async () => {
  const tokens = await open(2)
  await tokens.create(FOR_WEB)
  await tokens.create(FOR_WEB)
  await expect(tokens.create(FOR_WEB)).rejects.toThrow('2 join tokens exist already')
  clock.advance(10 * MINUTE_MS)
  await tokens.create(FOR_WEB)
  expect(tokens.size).toBe(1)
})

test.each([
  { name: 'a life of nothing', change: { ttlMs: 0 } },
  { name: 'a life of two days', change: { ttlMs: 48 * 60 * MINUTE_MS } },
  { name: 'a life that is no number', change: { ttlMs: Number.NaN } },
  { name: 'a namespace that cannot be', change: { namespace: 'Emoji/Vote' } },
  { name: 'no service account', change: { serviceAccount: '' } },
])('create() refuses $name', async ({ change }) => {
  const tokens = await open()
  await expect(tokens.create({ ...FOR_WEB, ...change })).rejects.toThrow(
    expect.objectContaining({ name: 'JoinTokenError' }),
  )
  expect(tokens.size).toBe(0)
})
