import type { FieldLines } from '../message/field-lines.ts'
import type { BodyLength, RequestHead, ResponseHead } from '../message/head.ts'
import type { ReceivedOctets } from '../message/received-octets.ts'
import { type RequestLine, type Target, targetOf } from './request-line.ts'

/** Framing of a head: octets, chunks, or nothing said. */
export type AnnouncedLength = number | 'chunked' | undefined

/** What a {@link ReceivedRequestHead} is made of. */
export interface RequestHeadOrigin {
  readonly received: ReceivedOctets
  readonly line: RequestLine
  /** What the target says; `undefined`: it is a path, which is cut out when asked for. */
  readonly target: Target | undefined
  /** What Host says. */
  readonly host: string
  /** Whether nothing need be left out or spelt in another way to write the head on. */
  readonly isVerbatim: boolean
}

/**
 * The head of a request as it came. It remembers what it was, so that what nobody changed need neither be checked nor be put
 * together again, and what nobody asks for never becomes a string.
 */
export class ReceivedRequestHead implements RequestHead {
  readonly kind = 'request'
  method: string
  authority: string
  scheme: 'http' | 'https'
  upgrade: string | undefined
  bodyLength: BodyLength
  expectsContinue = false
  readonly fields: FieldLines
  readonly #origin: RequestHeadOrigin
  #path: string | undefined
  #isPathChanged = false

  constructor(origin: RequestHeadOrigin, bodyLength: BodyLength, fields: FieldLines) {
    const { line, target, host } = origin
    this.method = line.method
    this.authority = target?.authority ?? host
    this.scheme = target?.scheme ?? 'http'
    this.upgrade = undefined
    this.bodyLength = bodyLength
    this.fields = fields
    this.#origin = origin
    this.#path = target?.path
  }

  get path(): string {
    this.#path ??= targetOf(this.#origin.received, this.#origin.line)
    return this.#path
  }

  set path(path: string) {
    if (path === this.path) return
    this.#path = path
    this.#isPathChanged = true
  }

  /** Whether the start line is that which was checked when it came. */
  get isStartLineKept(): boolean {
    const { line, target, host } = this.#origin
    return !this.#isPathChanged && this.method === line.method && this.authority === (target?.authority ?? host)
  }

  /** The head as it came, if it may be written on as it is. */
  get verbatim(): ReceivedOctets | undefined {
    const { received, isVerbatim } = this.#origin
    return isVerbatim && this.isStartLineKept && !this.fields.isTouched ? received : undefined
  }
}

/** What a {@link ReceivedResponseHead} is made of. */
export interface ResponseHeadOrigin {
  readonly received: ReceivedOctets
  /** As {@link RequestHeadOrigin.isVerbatim}. */
  readonly isVerbatim: boolean
  readonly status: number
  readonly announced: AnnouncedLength
}

/** The head of an answer as it came; likewise. */
export class ReceivedResponseHead implements ResponseHead {
  readonly kind = 'response'
  status: number
  readonly bodyLength: BodyLength
  readonly upgrade: string | undefined
  readonly fields: FieldLines
  readonly #origin: ResponseHeadOrigin

  constructor(
    origin: ResponseHeadOrigin,
    { bodyLength, upgrade, fields }: Pick<ReceivedResponseHead, 'bodyLength' | 'upgrade' | 'fields'>,
  ) {
    this.status = origin.status
    this.bodyLength = bodyLength
    this.upgrade = upgrade
    this.fields = fields
    this.#origin = origin
  }

  /** The head as it came, if it may be written on as it is and has that framing. */
  verbatim(announced: AnnouncedLength): ReceivedOctets | undefined {
    const { received, isVerbatim, status, announced: was } = this.#origin
    const isKept = isVerbatim && this.status === status && announced === was && !this.fields.isTouched
    return isKept ? received : undefined
  }
}
