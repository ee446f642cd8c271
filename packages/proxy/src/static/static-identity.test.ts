import { mkdtempSync, rmSync, utimesSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { createLog } from '@heddle/base/log'
import { ManualClock } from '@heddle/testkit/manual-clock'
import { createTestCa } from '@heddle/testkit/test-ca'
import { expect, test } from 'vitest'
import { FileIdentity } from './static-identity.ts'

const ID = 'spiffe://heddle.local/ns/shop/sa/web'

async function setUp() {
  const folder = mkdtempSync(join(tmpdir(), 'heddle-static-'))
  const files = {
    id: ID,
    certificateFile: join(folder, 'web.pem'),
    keyFile: join(folder, 'web.key'),
    trustBundleFile: join(folder, 'ca.pem'),
  }
  const ca = await createTestCa()
  let written = 0
  const write = async (certificate?: string) => {
    const issued = await ca.issueFor(ID)
    writeFileSync(files.certificateFile, certificate ?? issued.certificateChainPem)
    writeFileSync(files.keyFile, issued.privateKeyPem)
    writeFileSync(files.trustBundleFile, issued.trustBundlePem)
    written += 1
    // File systems differ in how finely they tell times.
    utimesSync(files.certificateFile, written * 1000, written * 1000)
    return issued
  }
  const clock = new ManualClock()
  const lines: string[] = []
  const log = createLog((line) => lines.push(line), 'info')
  const stopping = new AbortController()
  return {
    files,
    write,
    clock,
    lines,
    open: () => new FileIdentity(files, { clock, log, signal: stopping.signal }),
    [Symbol.dispose]() {
      stopping.abort()
      rmSync(folder, { recursive: true })
    },
  }
}

test('an identity is read from its files, and again when they change', async () => {
  using world = await setUp()
  const first = await world.write()
  const identity = world.open()
  expect(identity.serverName).toBe('web.shop.sa.heddle.local')
  expect(identity.current().certificateChainPem).toBe(first.certificateChainPem)
  const rotated: string[] = []
  identity.onRotate((material) => rotated.push(material.certificateChainPem), new AbortController().signal)
  world.clock.advance(10_000)
  expect(rotated).toEqual([])
  const second = await world.write()
  world.clock.advance(10_000)
  expect(rotated).toEqual([second.certificateChainPem])
  expect(identity.current().privateKeyPem).toBe(second.privateKeyPem)
})

test('files that cannot be used leave the identity as it was', async () => {
  using world = await setUp()
  const first = await world.write()
  const identity = world.open()
  await world.write('no certificate')
  world.clock.advance(10_000)
  expect(identity.current().certificateChainPem).toBe(first.certificateChainPem)
  expect(world.lines.join()).toContain('certificate files cannot be used')
  expect(world.lines.join()).not.toContain('PRIVATE KEY')
})

test('a missing file is an error at start', async () => {
  using world = await setUp()
  expect(() => world.open()).toThrow('web.pem')
})
