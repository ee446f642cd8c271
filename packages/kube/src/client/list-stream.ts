import type { IncomingMessage } from 'node:http'
import type { Deadline } from './deadline.ts'
import { type Failure, toFailure } from './exchange.ts'
import { ListReader } from './list-reader.ts'

/** Texts of items as they come, then that of the list around them. A failure is the last. */
export type ListPart =
  | { readonly kind: 'items'; readonly items: readonly string[] }
  | { readonly kind: 'around'; readonly text: string }
  | Failure

/** Reads a list item by item; the deadline begins anew with all that comes. Never throws. */
export async function* streamList(
  response: IncomingMessage,
  maxBytes: number,
  deadline: Deadline,
): AsyncGenerator<ListPart> {
  const reader = new ListReader(maxBytes)
  try {
    for await (const chunk of response as AsyncIterable<Buffer>) {
      deadline.extend()
      const read = reader.push(chunk)
      if (read.kind === 'too_long') {
        const message = `an object has more than ${maxBytes} bytes`
        yield { kind: 'failure', reason: 'answer_too_large', message, isStale: false }
        return
      }
      if (read.items.length > 0) yield read
    }
    yield { kind: 'around', text: reader.takeAround() }
  } catch (error) {
    yield toFailure(error as Error, { isStale: false, signal: deadline.signal })
  }
}
