import { type Agent, type ClientRequest, request as httpRequest, type IncomingMessage } from 'node:http'
import { request as httpsRequest } from 'node:https'

/** One HTTP/1.1 request as it goes out. */
export interface HttpCall {
  readonly method: string
  /** The whole address. */
  readonly url: string
  readonly headers: Readonly<Record<string, string | readonly string[]>>
  readonly body: string | undefined
  readonly agent: Agent
  readonly maxAnswerBytes: number
}

/** What came of it. */
export type Outcome = Answer | Failure

/** The server answered, with whatever status. */
export interface Answer {
  readonly kind: 'answer'
  readonly status: number
  readonly retryAfterSeconds: number | undefined
  readonly body: string
}

/** No whole answer came. */
export interface Failure {
  readonly kind: 'failure'
  readonly reason: 'connection' | 'answer_too_large' | 'aborted'
  readonly message: string
  readonly cause?: unknown
  /** The connection had served before, so the server may just have closed it as idle. */
  readonly isStale: boolean
}

function openExchange(call: HttpCall, signal: AbortSignal): Promise<IncomingMessage | Failure> {
  return new Promise((resolve) => {
    if (signal.aborted) return resolve(aborted())
    const request = startRequest(call)
    const abort = () => request.destroy()
    signal.addEventListener('abort', abort, { once: true })
    request.on('close', () => signal.removeEventListener('abort', abort))
    request.on('response', resolve)
    request.on('error', (error) => resolve(toFailure(error, { isStale: request.reusedSocket, signal })))
    request.end(call.body)
  })
}

/** An answer of 200, whose body is still to be read. */
export interface OpenedStream {
  readonly kind: 'stream'
  readonly response: IncomingMessage
}

/** Gets the head of the answer; reads it whole where it is a refusal. Never throws. */
export async function openAnswer(call: HttpCall, signal: AbortSignal): Promise<OpenedStream | Outcome> {
  const response = await openExchange(call, signal)
  if ('kind' in response) return response
  if (response.statusCode === 200) return { kind: 'stream', response }
  return readAnswer(response, call.maxAnswerBytes, signal)
}

/** Does the whole exchange. Never throws. */
export async function exchange(call: HttpCall, signal: AbortSignal): Promise<Outcome> {
  const response = await openExchange(call, signal)
  if ('kind' in response) return response
  return readAnswer(response, call.maxAnswerBytes, signal)
}

/** Reads what is left of an answer. Never throws. */
export async function readAnswer(response: IncomingMessage, maxBytes: number, signal: AbortSignal): Promise<Outcome> {
  const chunks: Buffer[] = []
  let size = 0
  try {
    for await (const chunk of response as AsyncIterable<Buffer>) {
      size += chunk.length
      // Leaving the loop destroys the connection.
      if (size > maxBytes) return tooLarge(maxBytes)
      chunks.push(chunk)
    }
  } catch (error) {
    return toFailure(error as Error, { isStale: false, signal })
  }
  return {
    kind: 'answer',
    status: response.statusCode!,
    retryAfterSeconds: retryAfterOf(response),
    body: Buffer.concat(chunks, size).toString(),
  }
}

function startRequest({ method, url, headers, body, agent }: HttpCall): ClientRequest {
  const start = url.startsWith('https:') ? httpsRequest : httpRequest
  const length = body === undefined ? {} : { 'Content-Length': String(Buffer.byteLength(body)) }
  return start(url, { method, agent, headers: { ...headers, ...length } as Record<string, string | string[]> })
}

function retryAfterOf(response: IncomingMessage): number | undefined {
  const seconds = Number(response.headers['retry-after'])
  return Number.isFinite(seconds) && seconds >= 0 ? seconds : undefined
}

/** What an error of the connection says, in the terms of {@link Failure}. */
export function toFailure(error: Error, { isStale, signal }: { isStale: boolean; signal: AbortSignal }): Failure {
  if (signal.aborted) return aborted()
  return { kind: 'failure', reason: 'connection', message: messageOf(error), cause: error, isStale }
}

function messageOf(error: Error): string {
  // Node tries all addresses of a name; what they say is in the parts.
  const parts = error instanceof AggregateError ? error.errors.map((part: Error) => part.message) : []
  return parts.length > 0 ? parts.join(', ') : error.message
}

function aborted(): Failure {
  return { kind: 'failure', reason: 'aborted', message: 'given up', isStale: false }
}

function tooLarge(maxBytes: number): Failure {
  const message = `the answer has more than ${maxBytes} bytes`
  return { kind: 'failure', reason: 'answer_too_large', message, isStale: false }
}
