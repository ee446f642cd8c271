import { mkdtemp, readFile, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import type { CreateJoinTokenRequest } from '@heddle/api/admin'
import { ManualClock } from '@heddle/testkit/manual-clock'
import { expect, test } from 'vitest'
import { type CommandWorld, runCommand } from '../../test/command-world.ts'
import { token } from './token.ts'

const NOW_MS = Date.UTC(2026, 0, 1)
const PEM = '-----BEGIN CERTIFICATE-----\n-----END CERTIFICATE-----\n'

function world() {
  const asked: CreateJoinTokenRequest[] = []
  const admin: CommandWorld['admin'] = {
    createJoinToken: (request) => {
      asked.push(request)
      return { token: 'abc.def', expiresMs: BigInt(NOW_MS + request.ttlMs), trustBundlePem: PEM }
    },
  }
  return { asked, admin, clock: new ManualClock(NOW_MS) }
}

test('token create writes the token alone to stdout, and what it is good for to stderr', async () => {
  const { asked, ...around } = world()
  const ran = await runCommand(token, ['token', 'create', '-s', 'web', '-n', 'shop'], around)
  expect(ran).toEqual({
    status: 0,
    stdout: 'abc.def\n',
    stderr: 'for web in namespace shop, single-use, until 2026-01-01T00:10:00Z (10m)\n',
  })
  expect(asked).toMatchObject([{ namespace: 'shop', serviceAccount: 'web', ttlMs: 600_000, reusable: false }])
})

test('token create -o json has stable keys', async () => {
  const { asked, ...around } = world()
  const args = ['token', 'create', '-s', 'web', '--ttl', '1h', '--reusable', '-o', 'json']
  const { stdout } = await runCommand(token, args, around)
  expect(JSON.parse(stdout)).toEqual({
    token: 'abc.def',
    expires: '2026-01-01T01:00:00Z',
    namespace: 'default',
    service_account: 'web',
    trust_bundle: PEM,
  })
  expect(asked).toMatchObject([{ reusable: true }])
})

test('token create --trust-bundle writes what the joiner must trust', async () => {
  const folder = await mkdtemp(join(tmpdir(), 'heddle-token-'))
  const args = ['token', 'create', '-s', 'web', '--trust-bundle', 'ca.pem']
  await runCommand(token, args, { ...world(), cwd: folder })
  expect(await readFile(join(folder, 'ca.pem'), 'utf8')).toBe(PEM)
  await rm(folder, { recursive: true })
})

test.each([
  { args: [], says: '--service-account' },
  { args: ['-s', 'web', '--ttl', '25h'], says: 'up to 24h' },
  { args: ['-s', 'web', '--trust-bundle', '/missing/folder/ca.pem'], says: 'cannot write /missing/folder/ca.pem' },
])('token create $args fails and says why', async ({ args, says }) => {
  const { status, stdout, stderr } = await runCommand(token, ['token', 'create', ...args], world())
  expect({ status, stdout }).toEqual({ status: 1, stdout: '' })
  expect(stderr).toContain(says)
})

test('token alone shows its help, which is no failure', async () => {
  const { status, stdout } = await runCommand(token, ['token'], world())
  expect(status).toBe(0)
  expect(stdout).toContain('create')
})

test('token with a subcommand that is none fails', async () => {
  const { status, stderr } = await runCommand(token, ['token', 'frob'], world())
  expect(status).toBe(1)
  expect(stderr).toContain('error:')
})
