import type { ResponseHead } from '@heddle/http/message'
import type { LocalReply } from '../filters/filter.ts'

/**
 * Field by which a proxy tells the one before it that no octet of the request reached the application, so that it may be
 * sent to another endpoint whatever its method. It is believed from a proven proxy only, and leaves the mesh at neither end.
 */
const UNPROCESSED = 'heddle-unprocessed'

/** The same reply, for a proxy to understand. */
export function asUnprocessed(reply: LocalReply): LocalReply {
  return { ...reply, headers: { ...reply.headers, [UNPROCESSED]: '1' } }
}

/** Takes the field off an answer. @returns whether it was there */
export function takeUnprocessed(head: ResponseHead): boolean {
  if (!head.fields.has(UNPROCESSED)) return false
  head.fields.remove(UNPROCESSED)
  return true
}
