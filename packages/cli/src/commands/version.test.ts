import { expect, test } from 'vitest'
import { runCommand } from '../../test/command-world.ts'
import { CLIENT_VERSION } from './client-version.ts'
import { version } from './version.ts'

const world = {
  admin: {
    getVersion: () => ({ version: '0.2.0', trustDomain: 'heddle.local', startedAtMs: BigInt(Date.UTC(2026, 0, 1)) }),
  },
}

test('version shows client and server', async () => {
  const ran = await runCommand(version, ['version'], world)
  expect(ran).toEqual({
    status: 0,
    stdout: `Client version: ${CLIENT_VERSION}\nServer version: 0.2.0\n`,
    stderr: '',
  })
})

test('version --client asks nobody', async () => {
  const ran = await runCommand(version, ['version', '--client'])
  expect(ran).toEqual({ status: 0, stdout: `Client version: ${CLIENT_VERSION}\n`, stderr: '' })
})

test('version without a mesh shows the client, says what to do and fails', async () => {
  const { status, stdout, stderr } = await runCommand(version, ['version'])
  expect({ status, stdout }).toEqual({ status: 1, stdout: `Client version: ${CLIENT_VERSION}\n` })
  expect(stderr).toContain('heddle up')
  const json = await runCommand(version, ['version', '-o', 'json'])
  expect({ ...json, stdout: JSON.parse(json.stdout) }).toEqual({
    status: 1,
    stdout: { client: { version: CLIENT_VERSION } },
    stderr,
  })
})

test('version -o json has stable keys', async () => {
  const both = await runCommand(version, ['version', '-o', 'json'], world)
  expect(JSON.parse(both.stdout)).toEqual({
    client: { version: CLIENT_VERSION },
    server: { version: '0.2.0', trust_domain: 'heddle.local', started_at: '2026-01-01T00:00:00Z' },
  })
  const client = await runCommand(version, ['version', '--client', '-o', 'json'])
  expect(JSON.parse(client.stdout)).toEqual({ client: { version: CLIENT_VERSION } })
})
