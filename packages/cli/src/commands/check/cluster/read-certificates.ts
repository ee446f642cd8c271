import { X509Certificate } from 'node:crypto'
import type { CertificateFact } from './cluster-facts.ts'

const BLOCK = /-----BEGIN CERTIFICATE-----[\s\S]+?-----END CERTIFICATE-----/g

/** The certificates of a PEM text. @throws when one cannot be read */
export function readCertificates(pem: string): readonly X509Certificate[] {
  return [...pem.matchAll(BLOCK)].map(([text]) => new X509Certificate(text))
}

/** What is judged of a certificate. */
export function toCertificateFact({ subject, validFrom, validTo }: X509Certificate): CertificateFact {
  return {
    subject: subject.replaceAll('\n', ', '),
    notBeforeMs: Date.parse(validFrom),
    notAfterMs: Date.parse(validTo),
  }
}
