import { once } from 'node:events'
import type { AddressInfo } from 'node:net'
import tls from 'node:tls'
import { expect, test } from 'vitest'
import { createTestCa, type TestIdentity } from './test-ca.ts'

const WEB = 'spiffe://heddle.local/ns/emojivote/sa/web'

async function handshakes(server: TestIdentity, client: TestIdentity): Promise<boolean> {
  const tlsServer = tls.createServer(
    {
      key: server.privateKeyPem,
      cert: server.certificateChainPem,
      ca: server.trustBundlePem,
      requestCert: true,
      rejectUnauthorized: true,
      minVersion: 'TLSv1.3',
    },
    (socket) => socket.end('hello'),
  )
  tlsServer.on('tlsClientError', (_error, socket) => socket.destroy())
  tlsServer.listen(0, '127.0.0.1')
  await once(tlsServer, 'listening')
  const socket = tls.connect({
    port: (tlsServer.address() as AddressInfo).port,
    host: '127.0.0.1',
    key: client.privateKeyPem,
    cert: client.certificateChainPem,
    ca: client.trustBundlePem,
    checkServerIdentity: () => undefined,
  })
  let heard = ''
  socket.on('data', (chunk) => {
    heard += chunk
  })
  await new Promise<void>((resolve) => {
    socket.on('error', () => resolve())
    socket.on('close', () => resolve())
  })
  await new Promise((resolve) => tlsServer.close(resolve))
  return heard === 'hello'
}

test('certificates of one authority are good for mTLS in both roles', async () => {
  const ca = await createTestCa()
  expect(await handshakes(await ca.issueFor(WEB), await ca.issueFor(WEB))).toBe(true)
})

test('a foreign authority and an expired certificate are refused', async () => {
  const ca = await createTestCa()
  const good = await ca.issueFor(WEB)
  const foreign = { ...(await (await createTestCa()).issueFor(WEB)), trustBundlePem: ca.trustBundlePem }
  const expired = await ca.issue({ uris: [WEB], notAfterMs: Date.now() - 120_000 })
  expect(await handshakes(good, foreign)).toBe(false)
  expect(await handshakes(foreign, good)).toBe(false)
  expect(await handshakes(good, expired)).toBe(false)
  expect(await handshakes(expired, good)).toBe(false)
})
