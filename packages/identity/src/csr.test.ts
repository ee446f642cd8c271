import 'reflect-metadata'
import { spawnSync } from 'node:child_process'
import { createPublicKey, generateKeyPairSync, type KeyObject } from 'node:crypto'
import { Pkcs10CertificateRequest, SubjectAlternativeNameExtension } from '@peculiar/x509'
import { expect, test } from 'vitest'
import { createCsr } from './csr.ts'
import { createWorkloadKey } from './key-pair.ts'

const WEB = 'spiffe://heddle.local/ns/emojivote/sa/web'

test('createCsr() makes a request that another reader accepts, with one URI and the key', async () => {
  const { privateKey } = await createWorkloadKey()
  const request = new Pkcs10CertificateRequest(createCsr(privateKey, WEB))
  expect(await request.verify()).toBe(true)
  expect(request.subject).toBe('')
  expect(request.extensions).toHaveLength(1)
  const names = request.extensions[0] as SubjectAlternativeNameExtension
  expect(names).toBeInstanceOf(SubjectAlternativeNameExtension)
  expect(names.critical).toBe(true)
  expect(names.names.toJSON()).toEqual([{ type: 'url', value: WEB }])
  expect(Buffer.from(request.publicKey.rawData)).toEqual(spkiOf(privateKey))
})

// A machine without the openssl command still has the check above.
const hasOpenssl = spawnSync('openssl', ['version']).status === 0

test.skipIf(!hasOpenssl)('createCsr() makes a request that OpenSSL verifies', async () => {
  const { privateKey } = await createWorkloadKey()
  const args = ['req', '-inform', 'DER', '-noout', '-verify', '-text']
  const openssl = spawnSync('openssl', args, { input: createCsr(privateKey, WEB), encoding: 'utf8' })
  expect(openssl.status).toBe(0)
  expect(openssl.stdout + openssl.stderr).toMatch(/verify OK/)
  expect(openssl.stdout).toContain(`URI:${WEB}`)
  expect(openssl.stdout).toContain('ecdsa-with-SHA256')
})

test('createCsr() refuses what is no id, and keys of other kinds', async () => {
  const { privateKey } = await createWorkloadKey()
  expect(() => createCsr(privateKey, 'spiffe://heddle.local/other')).toThrow(RangeError)
  const p384 = generateKeyPairSync('ec', { namedCurve: 'secp384r1' }).privateKey
  expect(() => createCsr(p384, WEB)).toThrow('not a P-256 key')
  expect(() => createCsr(generateKeyPairSync('ed25519').privateKey, WEB)).toThrow('not a P-256 key')
})

test('createWorkloadKey() makes another key each time', async () => {
  const [one, other] = [await createWorkloadKey(), await createWorkloadKey()]
  expect(spkiOf(one.privateKey)).not.toEqual(spkiOf(other.privateKey))
  expect(one.privateKeyPem).toMatch(/^-----BEGIN PRIVATE KEY-----/)
})

function spkiOf(privateKey: KeyObject): Buffer {
  return createPublicKey(privateKey).export({ format: 'der', type: 'spki' })
}
