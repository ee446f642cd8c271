import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { createTestCa, type TestIdentity } from '@heddle/testkit/test-ca'

/** Files of one end of an mTLS connection, PEM. */
export interface TlsFiles {
  readonly certificateFile: string
  readonly keyFile: string
  /** Certificate and key in one, as HAProxy wants them. */
  readonly combinedFile: string
  readonly caFile: string
  /** What this end is. */
  readonly identity: string
  readonly serverName: string
}

/** Both ends of the mTLS connection between two proxies. */
export interface TlsPair {
  readonly client: TlsFiles
  readonly server: TlsFiles
}

/** Makes an authority and two certificates (ECDSA P-256, valid for an hour) below `directory`. */
export async function writeCertificates(directory: string): Promise<TlsPair> {
  const ca = await createTestCa()
  const caFile = writeSecret(directory, 'ca.pem', ca.trustBundlePem)
  const end = async (name: string): Promise<TlsFiles> => {
    const identity = `spiffe://heddle.local/ns/bench/sa/${name}`
    const serverName = `${name}.bench.sa.heddle.local`
    // HAProxy and nginx verify DNS names only; Envoy and Heddle the URI.
    const issued = await ca.issue({ uris: [identity], dnsNames: [serverName] })
    return { ...writeIdentity(directory, name, issued), caFile, identity, serverName }
  }
  return { client: await end('client'), server: await end('server') }
}

function writeIdentity(directory: string, name: string, issued: TestIdentity) {
  const { certificateChainPem, privateKeyPem } = issued
  return {
    certificateFile: writeSecret(directory, `${name}.crt`, certificateChainPem),
    keyFile: writeSecret(directory, `${name}.key`, privateKeyPem),
    combinedFile: writeSecret(directory, `${name}.pem`, certificateChainPem + privateKeyPem),
  }
}

function writeSecret(directory: string, name: string, text: string): string {
  const file = join(directory, name)
  writeFileSync(file, text, { mode: 0o600 })
  return file
}
