import { DER_TAG, DerError, DerReader } from './der.ts'

/**
 * What the mesh wants to know of an X.509 certificate (RFC 5280). Read from its DER and not from the text which a
 * runtime makes of it: that text escapes names differently from one runtime to the next, and a name must not be able
 * to look like another.
 */
export interface CertificateFacts {
  /** Upper-case hexadecimal, as OpenSSL prints it. */
  readonly serial: string
  readonly notBeforeMs: number
  readonly notAfterMs: number
  /** Whether it may sign others (basic constraints CA). */
  readonly isAuthority: boolean
  /** Every URI among its subject alternative names, as written. */
  readonly uris: readonly string[]
}

const SUBJECT_ALT_NAME = '55:1d:11'
const BASIC_CONSTRAINTS = '55:1d:13'
const VERSION_TAG = 0xa0
const EXTENSIONS_TAG = 0xa3
const URI_NAME_TAG = 0x86
const MAX_CERTIFICATE_BYTES = 64 * 1024

/**
 * Reads one certificate.
 *
 * @param der - for example `socket.getPeerX509Certificate().raw`
 * @throws {DerError} when it is not a certificate of version 3, larger than 64 KiB, or an extension stands twice
 */
export function readCertificate(der: Uint8Array): CertificateFacts {
  if (der.length > MAX_CERTIFICATE_BYTES) throw new DerError(`a certificate of ${der.length} octets`)
  const outer = new DerReader(der)
  const certificate = new DerReader(outer.take(DER_TAG.sequence))
  outer.end()
  const body = new DerReader(certificate.take(DER_TAG.sequence))
  certificate.take(DER_TAG.sequence)
  certificate.take(DER_TAG.bitString)
  certificate.end()
  return readBody(body)
}

/**
 * The certificates of a PEM text, in their order, as DER.
 *
 * @throws {DerError} when there is none, or one is cut off
 */
export function readPemCertificates(pem: string): readonly Uint8Array[] {
  const blocks = [...pem.matchAll(/-----BEGIN CERTIFICATE-----([A-Za-z0-9+/=\s]+)-----END CERTIFICATE-----/g)]
  const begun = pem.split('-----BEGIN CERTIFICATE-----').length - 1
  if (blocks.length === 0 || blocks.length !== begun) throw new DerError('no PEM certificates, or damaged ones')
  return blocks.map((block) => Buffer.from(block[1]!, 'base64'))
}

function readBody(body: DerReader): CertificateFacts {
  body.take(VERSION_TAG)
  const serial = Buffer.from(body.take(DER_TAG.integer)).toString('hex').toUpperCase()
  body.take(DER_TAG.sequence)
  body.take(DER_TAG.sequence)
  const validity = new DerReader(body.take(DER_TAG.sequence))
  const notBeforeMs = readTimeMs(validity)
  const notAfterMs = readTimeMs(validity)
  validity.end()
  body.take(DER_TAG.sequence)
  body.take(DER_TAG.sequence)
  while (!body.atEnd && body.peekTag() !== EXTENSIONS_TAG) body.next()
  const extensions = body.atEnd ? new Map<string, Uint8Array>() : readExtensions(body.take(EXTENSIONS_TAG))
  body.end()
  const names = extensions.get(SUBJECT_ALT_NAME)
  return {
    serial: serial.replace(/^00(?=[89A-F])/, ''),
    notBeforeMs,
    notAfterMs,
    isAuthority: readIsAuthority(extensions.get(BASIC_CONSTRAINTS)),
    uris: names === undefined ? [] : readUris(names),
  }
}

function readExtensions(content: Uint8Array): Map<string, Uint8Array> {
  const found = new Map<string, Uint8Array>()
  const wrapper = new DerReader(content)
  const list = new DerReader(wrapper.take(DER_TAG.sequence))
  wrapper.end()
  while (!list.atEnd) {
    const extension = new DerReader(list.take(DER_TAG.sequence))
    const oid = [...extension.take(DER_TAG.oid)].map((octet) => octet.toString(16)).join(':')
    if (extension.peekTag() === DER_TAG.boolean) extension.next()
    // RFC 5280 §4.2: no extension twice. Which of two names counts would be anyone's guess.
    if (found.has(oid)) throw new DerError('an extension stands twice')
    found.set(oid, extension.take(DER_TAG.octetString))
    extension.end()
  }
  return found
}

function readUris(extension: Uint8Array): readonly string[] {
  const outer = new DerReader(extension)
  const names = new DerReader(outer.take(DER_TAG.sequence))
  outer.end()
  const uris: string[] = []
  while (!names.atEnd) {
    const name = names.next()
    // Latin-1 keeps every octet apart from every other: a NUL or a UTF-8 look-alike stays visible and unequal.
    if (name.tag === URI_NAME_TAG) uris.push(Buffer.from(name.content).toString('latin1'))
  }
  return uris
}

function readIsAuthority(extension: Uint8Array | undefined): boolean {
  if (extension === undefined) return false
  const constraints = new DerReader(new DerReader(extension).take(DER_TAG.sequence))
  return constraints.peekTag() === DER_TAG.boolean && constraints.take(DER_TAG.boolean)[0] !== 0
}

/** RFC 5280 §4.1.2.5: `YYMMDDHHMMSSZ` up to 2049 (50 and above are of the 20th century), else `YYYYMMDDHHMMSSZ`. */
function readTimeMs(reader: DerReader): number {
  const { tag, content } = reader.next()
  const text = Buffer.from(content).toString('latin1')
  const full = tag === DER_TAG.generalizedTime ? text : tag === DER_TAG.utcTime ? century(text) + text : ''
  const match = /^(\d{4})(\d\d)(\d\d)(\d\d)(\d\d)(\d\d)Z$/.exec(full)
  if (match === null) throw new DerError('a time of no form that certificates have')
  const [year, month, day, hour, minute, second] = match.slice(1).map(Number)
  return Date.UTC(year!, month! - 1, day!, hour!, minute!, second!)
}

function century(text: string): string {
  return Number(text.slice(0, 2)) >= 50 ? '19' : '20'
}
