import { createHash, randomBytes } from 'node:crypto'
import type { RequestHead, ResponseHead } from '@heddle/http/message'

/** The protocol's token in Upgrade and `:protocol`. RFC 6455 §4.1, RFC 8441 §5. */
export const WEB_SOCKET = 'websocket'

const KEY = 'sec-websocket-key'
const ACCEPT = 'sec-websocket-accept'
const SUFFIX = '258EAFA5-E914-47DA-95CA-C5AB0DC85B11'

/** What the key that a request got from us has to be proved with: it may be tried more than once. */
const proofs = new WeakMap<RequestHead, string>()

/**
 * Gives a request for a WebSocket the key that HTTP/1 wants and extended CONNECT does not have, unless it has got one. RFC 6455 §4.1.
 * @returns what the server has to prove with; `undefined` when the client has a key of its own, and looks at the answer itself
 */
export function addKey(head: RequestHead): string | undefined {
  if (head.fields.has(KEY)) return proofs.get(head)
  const key = randomBytes(16).toString('base64')
  const proof = acceptOf(key)
  head.fields.set(KEY, key)
  proofs.set(head, proof)
  return proof
}

/** Takes off an answer what proves that the server understood the key of ours. @returns whether it does */
export function takeAccept(head: ResponseHead, expected: string): boolean {
  const isRight = head.fields.get(ACCEPT) === expected
  head.fields.remove(ACCEPT)
  return isRight
}

/** Gives a client of HTTP/1 the proof that a server of HTTP/2 does not make. RFC 8441 §5: there the key is not used. */
export function completeAccept(request: RequestHead, answer: ResponseHead): void {
  const key = request.fields.get(KEY)
  if (key === undefined || answer.fields.has(ACCEPT)) return
  answer.fields.set(ACCEPT, acceptOf(key))
}

function acceptOf(key: string): string {
  return createHash('sha1').update(`${key}${SUFFIX}`).digest('base64')
}
