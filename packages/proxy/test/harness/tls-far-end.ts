import { once } from 'node:events'
import type { Server } from 'node:net'
import { createServer, type TlsOptions, connect as tlsConnect } from 'node:tls'
import { createTestCa } from '@heddle/testkit/test-ca'

/** A server of TLS with a certificate of its own, and how to dial it through `listening`, which may be another one in front of it. */
export async function startTls(options: TlsOptions = {}) {
  const ca = await createTestCa()
  const { certificateChainPem, privateKeyPem } = await ca.issueFor('spiffe://heddle.local/ns/shop/sa/cart')
  const tls = createServer({ ...options, cert: certificateChainPem, key: privateKeyPem })
  const dial = async (listening: Server) => {
    await once(listening, 'listening')
    const secured = once(tls, 'secureConnection')
    const far = tlsConnect({
      port: portOf(listening),
      host: '127.0.0.1',
      ca: ca.trustBundlePem,
      checkServerIdentity: () => undefined,
    })
    const [near] = await secured
    return { far, near }
  }
  return { tls, dial }
}

/** The port of a server that listens. */
export function portOf(listening: Server): number {
  return (listening.address() as { port: number }).port
}
