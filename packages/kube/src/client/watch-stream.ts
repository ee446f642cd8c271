import type { IncomingMessage } from 'node:http'
import type { Clock } from '@heddle/base/clock'
import { type Deadline, startDeadline } from './deadline.ts'
import { type Answer, type Failure, type HttpCall, type Outcome, openAnswer, toFailure } from './exchange.ts'
import { LineReader } from './line-reader.ts'

/** How a stream of lines is bounded. */
export interface StreamLimits {
  readonly clock: Clock
  readonly silenceMs: number
}

/** Lines as they come, after word that they will; a refusal or a failure is the last. After neither, the server ended the stream. */
export type StreamPart =
  | { readonly kind: 'opened' }
  | { readonly kind: 'lines'; readonly lines: readonly string[] }
  | { readonly kind: 'silence' }
  | Answer
  | Failure

/** Reads an answer that goes on and on, line by line. Never throws. */
export async function* streamLines(
  call: HttpCall,
  limits: StreamLimits,
  signal: AbortSignal,
): AsyncGenerator<StreamPart> {
  const silence = startDeadline(limits.clock, limits.silenceMs, signal)
  try {
    const opened = await openAnswer(call, silence.signal)
    if (opened.kind === 'stream') yield* readLines(opened.response, { call, silence, signal })
    else yield sayWhy(opened, signal)
  } finally {
    silence.end()
  }
}

interface Reading {
  readonly call: HttpCall
  readonly silence: Deadline
  readonly signal: AbortSignal
}

async function* readLines(response: IncomingMessage, { call, silence, signal }: Reading): AsyncGenerator<StreamPart> {
  const reader = new LineReader(call.maxAnswerBytes)
  yield { kind: 'opened' }
  try {
    for await (const chunk of response as AsyncIterable<Buffer>) {
      silence.extend()
      const read = reader.push(chunk)
      if (read.kind === 'too_long') {
        const message = `a line has more than ${call.maxAnswerBytes} bytes`
        yield { kind: 'failure', reason: 'answer_too_large', message, isStale: false }
        return
      }
      if (read.lines.length > 0) yield read
    }
  } catch (error) {
    yield sayWhy(toFailure(error as Error, { isStale: false, signal: silence.signal }), signal)
  }
}

/** An abort that did not come from outside is that of the silence. */
function sayWhy(outcome: Outcome, signal: AbortSignal): StreamPart {
  const isAborted = outcome.kind === 'failure' && outcome.reason === 'aborted'
  return isAborted && !signal.aborted ? { kind: 'silence' } : outcome
}
