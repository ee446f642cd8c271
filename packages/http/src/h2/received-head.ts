import type { BodyLength, RequestHead, ResponseHead } from '../message/head.ts'
import type { HeaderFields } from './header-fields.ts'
import type { HeaderEntry } from './hpack/header-entry.ts'

/** Pseudo-headers and framing of a request as the peer sent them. RFC 9113 §8.3.1, RFC 8441 §4. */
export interface RequestEntries {
  method: HeaderEntry | undefined
  scheme: HeaderEntry | undefined
  authority: HeaderEntry | undefined
  path: HeaderEntry | undefined
  protocol: HeaderEntry | undefined
  contentLength: HeaderEntry | undefined
}

/** The head of a request as it came. What nobody changed is passed on as the entries that it was, with no string looked at. */
export class H2RequestHead implements RequestHead {
  readonly kind = 'request'
  method: string
  path: string
  authority: string
  scheme: 'http' | 'https'
  readonly upgrade: string | undefined
  readonly bodyLength: BodyLength
  readonly expectsContinue: boolean
  readonly fields: HeaderFields
  readonly entries: RequestEntries

  constructor(
    parts: Pick<
      H2RequestHead,
      'method' | 'path' | 'authority' | 'scheme' | 'upgrade' | 'bodyLength' | 'expectsContinue' | 'fields' | 'entries'
    >,
  ) {
    this.method = parts.method
    this.path = parts.path
    this.authority = parts.authority
    this.scheme = parts.scheme
    this.upgrade = parts.upgrade
    this.bodyLength = parts.bodyLength
    this.expectsContinue = parts.expectsContinue
    this.fields = parts.fields
    this.entries = parts.entries
  }
}

/** The head of an answer as it came; likewise. */
export class H2ResponseHead implements ResponseHead {
  readonly kind = 'response'
  status: number
  readonly bodyLength: BodyLength
  readonly upgrade: string | undefined
  readonly fields: HeaderFields
  readonly statusEntry: HeaderEntry
  readonly lengthEntry: HeaderEntry | undefined
  /** What `statusEntry` says. */
  readonly receivedStatus: number

  constructor(
    parts: Pick<
      H2ResponseHead,
      'status' | 'bodyLength' | 'upgrade' | 'fields' | 'statusEntry' | 'lengthEntry' | 'receivedStatus'
    >,
  ) {
    this.status = parts.status
    this.bodyLength = parts.bodyLength
    this.upgrade = parts.upgrade
    this.fields = parts.fields
    this.statusEntry = parts.statusEntry
    this.lengthEntry = parts.lengthEntry
    this.receivedStatus = parts.receivedStatus
  }
}
