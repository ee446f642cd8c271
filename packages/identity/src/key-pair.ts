import { generateKeyPair, type KeyObject } from 'node:crypto'

/** A key that lives in the memory of this process only. */
export interface WorkloadKey {
  readonly privateKey: KeyObject
  /** PKCS #8, for the TLS contexts of this process. Never written, logged or sent. */
  readonly privateKeyPem: string
}

/** Makes a new ECDSA P-256 key; each certificate gets one of its own. */
export function createWorkloadKey(): Promise<WorkloadKey> {
  return new Promise((resolve, reject) => {
    generateKeyPair('ec', { namedCurve: 'prime256v1' }, (error, _publicKey, privateKey) => {
      if (error !== null) return reject(error)
      const privateKeyPem = privateKey.export({ format: 'pem', type: 'pkcs8' }).toString()
      resolve({ privateKey, privateKeyPem })
    })
  })
}
