import { FieldLines } from '@heddle/http/field-lines'
import type { RequestHead, ResponseHead } from '@heddle/http/message'
import type { ServerStream } from '@heddle/http/session'
import type { ProxyError } from '../errors/proxy-error.ts'
import type { LocalReply } from '../filters/filter.ts'

/** Answers a request by the proxy itself. The rest of its body is the session's business. */
export function sendLocalReply(stream: ServerStream, request: RequestHead, reply: LocalReply): void {
  const body = Buffer.from(reply.body === undefined ? '' : `${reply.body}\n`)
  const fields = new FieldLines()
  for (const [name, value] of Object.entries(reply.headers ?? {})) fields.set(name, value)
  if (body.length > 0) fields.set('content-type', 'text/plain; charset=utf-8')
  const head: ResponseHead = {
    kind: 'response',
    status: reply.status,
    bodyLength: body.length,
    upgrade: undefined,
    fields,
  }
  const hasBody = body.length > 0 && request.method !== 'HEAD'
  stream.sendHead(head, hasBody)
  if (!hasBody) return
  stream.sendData(body)
  stream.sendEnd()
}

/** The answer that tells of a failure: its code in a header, what happened and what to try in the body. */
export function toFailureReply(error: ProxyError): LocalReply {
  const { status, meaning, hint } = error.spec
  const { retryAfterMs } = error
  const retryAfter = retryAfterMs === undefined ? undefined : String(Math.ceil(retryAfterMs / 1000))
  return {
    status,
    headers: { 'heddle-error': error.code, ...(retryAfter !== undefined && { 'retry-after': retryAfter }) },
    body: `${error.code}: ${meaning} ${hint}`,
  }
}
