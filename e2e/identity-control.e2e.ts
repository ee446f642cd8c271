import { readFileSync, statSync, writeFileSync } from 'node:fs'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { ControlPlane, type Credentials } from './harness/control-plane.ts'
import { TestMesh } from './harness/mesh.ts'
import { echoManifests } from './harness/shop.ts'
import { until } from './harness/until.ts'

describe('the control plane', () => {
  const mine = 'spiffe://heddle.local/ns/shop/sa/load'
  const other = 'spiffe://heddle.local/ns/shop/sa/echo'
  let mesh: TestMesh
  let control: ControlPlane

  beforeAll(async () => {
    mesh = await TestMesh.start({ mode: 'explicit', manifests: () => ({ 'echo.yaml': echoManifests(1) }) })
    control = new ControlPlane(mesh)
  })

  afterAll(() => mesh[Symbol.asyncDispose]())

  test('signs for the holder of a token, once', async () => {
    const token = await createToken()
    const first = await control.sign(mine, token)
    expect(first.status).toBe(200)
    expect(first.text).toContain('BEGIN CERTIFICATE')
    const second = await control.sign(mine, token)
    expect(second).toMatchObject({ status: 401, text: expect.stringMatching(/used already/) })
  })

  test.each([
    { name: 'without a token', token: '', says: /neither a client certificate nor a token/ },
    { name: 'with something that is no token', token: 'let-me-in', says: /join token/ },
    {
      name: 'with a token that it did not make',
      token: `hdl1.${'A'.repeat(22)}.${'B'.repeat(43)}`,
      says: /join token/,
    },
  ])('signs nothing $name', async ({ token, says }) => {
    const answer = await control.sign(mine, token)
    expect(answer).toMatchObject({ status: 401, text: expect.stringMatching(says) })
    expect(answer.text).not.toContain('CERTIFICATE')
  })

  test('signs nothing with a token that has expired', async () => {
    const { token, expires } = await createTokenFor('1s')
    // What it says is cut to whole seconds.
    await until('the token has expired', () => Date.now() > Date.parse(expires) + 1_000)
    expect(await control.sign(mine, token)).toMatchObject({ status: 401, text: expect.stringMatching(/expired/) })
  })

  test('signs no other identity than that of the token, nor than that of the certificate', async () => {
    const token = await createToken()
    expect(await control.sign(other, token)).toMatchObject({ status: 403 })
    const own = await joinMesh()
    expect(await control.sign(other, '', own)).toMatchObject({ status: 403 })
    expect(await control.sign(mine, '', own)).toMatchObject({ status: 200 })
  })

  test.each([
    { name: 'another namespace', node: { namespace: 'other' } },
    { name: 'another service account', node: { serviceAccount: 'echo' } },
  ])('registers no instance for $name', async ({ node }) => {
    const own = await joinMesh()
    const right = { namespace: 'shop', workload: 'load', instance: 'load-7', serviceAccount: 'load' }
    expect((await control.watch({ ...right, ...node }, own)).text).toContain('permission_denied')
    expect((await control.watch(right, own)).text).toContain('"streamId"')
    const text = (await mesh.heddle('identity', '-A', '-o', 'json')).stdout
    expect(JSON.parse(text)).not.toContainEqual(expect.objectContaining({ pod: 'load-7', namespace: 'other' }))
  })

  test('registers nobody without a certificate', async () => {
    const node = { namespace: 'shop', workload: 'load', instance: 'load-8', serviceAccount: 'load' }
    expect((await control.watch(node)).text).toMatch(/unauthenticated/)
  })

  test('refuses the command line with a wrong token', async () => {
    const right = readFileSync(control.tokenFile, 'utf8')
    expect(statSync(control.tokenFile).mode & 0o777).toBe(0o600)
    writeFileSync(control.tokenFile, `${right.trim().slice(0, -1)}x\n`)
    try {
      const refused = await mesh.heddle('endpoints', '-A')
      expect(refused.status).toBe(1)
      expect(refused.stderr).toMatch(/refused/)
      expect(refused.stdout).toBe('')
    } finally {
      writeFileSync(control.tokenFile, right)
    }
    expect((await mesh.heddle('endpoints', '-A')).status).toBe(0)
  })

  async function createTokenFor(ttl: string): Promise<{ readonly token: string; readonly expires: string }> {
    return mesh.json('token', 'create', '-n', 'shop', '-s', 'load', '--ttl', ttl)
  }

  async function createToken(): Promise<string> {
    return (await createTokenFor('1m')).token
  }

  /** A certificate for `mine`, got as a proxy gets it. */
  async function joinMesh(): Promise<Credentials> {
    const { text, key } = await control.sign(mine, await createToken())
    const { certificateChainPem } = JSON.parse(text) as { readonly certificateChainPem: string }
    return { certificateChainPem, privateKeyPem: key }
  }
})
