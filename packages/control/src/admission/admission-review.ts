import { isMap } from '@heddle/base/is-map'

/** What the API server asks, of an `admission.k8s.io/v1` AdmissionReview. */
export interface AdmissionRequest {
  readonly uid: string
  readonly operation: 'CREATE' | 'UPDATE' | 'DELETE' | 'CONNECT'
  /** Of the object; empty for what is in none. */
  readonly namespace: string
  readonly kind: { readonly group: string; readonly version: string; readonly kind: string }
  /** Absent when the object is deleted. */
  readonly object: Json | undefined
  /** What it was; absent when the object is created. */
  readonly oldObject: Json | undefined
}

/** A map of fields as JSON has it. */
export type Json = Readonly<Record<string, unknown>>

/** What is answered. */
export type Verdict =
  | { readonly kind: 'allowed'; readonly warnings?: readonly string[]; readonly patch?: readonly object[] }
  | {
      readonly kind: 'denied'
      /** For example `TrafficPolicy web`: of many objects in one command not every client says which was refused. */
      readonly about?: string
      readonly reasons: readonly Denial[]
      readonly warnings?: readonly string[]
    }

/** One reason why an object is refused. */
export interface Denial {
  /** For example `spec.rules[0].backendRefs`; empty: the object as a whole. */
  readonly field: string
  readonly reason: string
}

/** Not an AdmissionReview that can be answered; the message says why. */
export class ReviewError extends Error {
  override readonly name = 'ReviewError'
}

const API_VERSION = 'admission.k8s.io/v1'
const OPERATIONS: readonly string[] = ['CREATE', 'UPDATE', 'DELETE', 'CONNECT']

/** @throws {ReviewError} */
export function parseReview(text: string): AdmissionRequest {
  const review = toMap(parseJson(text), 'the body')
  if (review.apiVersion !== API_VERSION || review.kind !== 'AdmissionReview') {
    throw new ReviewError(`expected an AdmissionReview of ${API_VERSION}`)
  }
  const { uid, operation, namespace = '', kind, object, oldObject } = toMap(review.request, 'request')
  if (typeof uid !== 'string' || uid === '') throw new ReviewError('request.uid is no text')
  if (typeof namespace !== 'string') throw new ReviewError('request.namespace is no text')
  if (typeof operation !== 'string' || !OPERATIONS.includes(operation)) {
    throw new ReviewError('request.operation is not known')
  }
  return {
    uid,
    namespace,
    operation: operation as AdmissionRequest['operation'],
    kind: toKind(kind),
    object: isMap(object) ? object : undefined,
    oldObject: isMap(oldObject) ? oldObject : undefined,
  }
}

/** The AdmissionReview that answers the request `uid`. */
export function formatReview(uid: string, verdict: Verdict): string {
  const { warnings = [] } = verdict
  const said = warnings.length === 0 ? {} : { warnings: warnings.slice(0, MAX_WARNINGS).map(cut) }
  const response = verdict.kind === 'allowed' ? { uid, ...allow(verdict), ...said } : { uid, ...deny(verdict), ...said }
  return JSON.stringify({ apiVersion: API_VERSION, kind: 'AdmissionReview', response })
}

/** An API server drops warnings beyond some 4 KiB, and cuts longer ones. */
const MAX_WARNINGS = 16
const WARNING_CHARACTERS = 240
const MAX_REASONS = 20

function cut(warning: string): string {
  return warning.length <= WARNING_CHARACTERS ? warning : `${warning.slice(0, WARNING_CHARACTERS)}…`
}

function allow({ patch = [] }: Extract<Verdict, { readonly kind: 'allowed' }>): object {
  if (patch.length === 0) return { allowed: true }
  return {
    allowed: true,
    patchType: 'JSONPatch',
    patch: Buffer.from(JSON.stringify(patch)).toString('base64'),
  }
}

function deny({ about, reasons }: Extract<Verdict, { readonly kind: 'denied' }>): object {
  const shown = reasons.slice(0, MAX_REASONS)
  const sentences = shown.map(({ field, reason }) => (field === '' ? reason : `${field}: ${reason}`))
  if (reasons.length > shown.length) sentences.push(`and ${reasons.length - shown.length} more problems`)
  const causes = shown.map(({ field, reason }) => ({ reason: 'FieldValueInvalid', message: reason, field }))
  return {
    allowed: false,
    status: {
      code: 422,
      reason: 'Invalid',
      message: `${about === undefined ? '' : `${about}: `}${sentences.join('; ')}`,
      details: { causes },
    },
  }
}

function parseJson(text: string): unknown {
  try {
    return JSON.parse(text)
  } catch {
    throw new ReviewError('the body is not JSON')
  }
}

function toKind(value: unknown): AdmissionRequest['kind'] {
  const { group, version, kind } = toMap(value, 'request.kind')
  if (typeof group !== 'string' || typeof version !== 'string' || typeof kind !== 'string') {
    throw new ReviewError('request.kind is not group, version and kind')
  }
  return { group, version, kind }
}

function toMap(value: unknown, what: string): Json {
  if (!isMap(value)) throw new ReviewError(`${what} is no map`)
  return value
}
