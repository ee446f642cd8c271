import { constants, type Http2ServerRequest, type Http2ServerResponse } from 'node:http2'
import type { Clock } from '@heddle/base/clock'
import type { Log } from '@heddle/base/log'
import { LogLimit } from '@heddle/base/log-limit'
import type { KubeClient } from '@heddle/kube/client'
import type { InjectValues } from '@heddle/kube/inject/values'
import type { Counter, Family, Registry } from '@heddle/telemetry/registry'
import type { Model } from '../model/model.ts'
import type { RequestHandler } from '../server/tls-listener.ts'
import { type AdmissionRequest, formatReview, parseReview, ReviewError, type Verdict } from './admission-review.ts'
import { type InstalledValuesSource, installedValues } from './installed-values.ts'
import { type NamespaceReader, namespaceReader } from './namespace-reader.ts'
import { QuestionRooms, type Turn } from './question-rooms.ts'
import { BodyError, readBody, tooMany } from './read-body.ts'
import { reviewObject } from './review-object.ts'
import { reviewPod } from './review-pod.ts'

/** What the webhooks need from outside. */
export interface AdmissionDeps extends InstalledValuesSource {
  readonly client: Pick<KubeClient, 'get'>
  readonly model: Pick<Model, 'objects'>
  readonly registry: Registry
  readonly clock: Clock
  readonly log: Log
}

/** The API server waits 10 s at most where the installation does not say otherwise. */
const LOOKUP_MS = 5_000

/**
 * The webhooks of the API server: `POST /inject` puts proxies into pods that are being made, `POST /validate` refuses what
 * `heddle validate` refuses. Both answer AdmissionReviews of v1 and change nothing anywhere, so a dry run is as any other.
 */
export function createAdmissionHandler(deps: AdmissionDeps): RequestHandler {
  const webhooks = new Webhooks(deps)
  return (request, response) => void webhooks.answer(request, response)
}

type WebhookName = 'inject' | 'validate'

interface Answer {
  readonly status: number
  readonly text: string
}

class Webhooks {
  readonly #deps: AdmissionDeps
  readonly #reviews: Family<Counter>
  readonly #failures: LogLimit
  readonly #values: () => InjectValues
  readonly #annotationsOf: NamespaceReader
  /** About these nothing is ever said, whatever the API server was told to ask: what is needed to come up must come up. */
  readonly #exempt: readonly string[]
  readonly #rooms = new QuestionRooms()

  constructor(deps: AdmissionDeps) {
    this.#deps = deps
    this.#failures = new LogLimit(deps.log, deps.clock)
    this.#values = installedValues(deps, (unused) =>
      deps.log.warn('values of the installation are not used', { unused }),
    )
    this.#annotationsOf = namespaceReader(deps)
    this.#exempt = ['kube-system', deps.namespace]
    this.#reviews = deps.registry.counters('heddle_admission_reviews_total', {
      help: 'Questions of the API server by webhook and outcome',
      labels: ['webhook', 'outcome'],
    })
  }

  /** Never rejects. */
  async answer(request: Http2ServerRequest, response: Http2ServerResponse): Promise<void> {
    const { status, text } = await this.#answerTo(request)
    if (response.headersSent || response.destroyed) return
    response.writeHead(status, { 'content-type': status === 200 ? 'application/json' : 'text/plain; charset=utf-8' })
    if (request.httpVersionMajor === 2) request.stream.once('finish', () => endUnread(request))
    response.end(text)
  }

  async #answerTo(request: Http2ServerRequest): Promise<Answer> {
    const webhook = webhookOf(request)
    if (typeof webhook !== 'string') return webhook
    const turn = this.#rooms.enter(request.socket.remoteAddress ?? '')
    if (turn === undefined) return this.#failed(webhook, this.#explain(webhook, tooMany()))
    try {
      const text = await readBody(request, turn, this.#deps.clock)
      return { status: 200, text: await this.#review(webhook, text, turn) }
    } catch (error) {
      return this.#failed(webhook, this.#explain(webhook, turn.signal.aborted ? tooMany() : error))
    } finally {
      turn.leave()
    }
  }

  /** @returns the answer's text */
  async #review(webhook: WebhookName, text: string, turn: Turn): Promise<string> {
    if (webhook === 'validate') {
      const review = parseReview(text)
      return formatReview(review.uid, this.#validate(review))
    }
    const question = questionIn(text)
    return formatReview(question.uid, await this.#inject({ ...question, text, turn }))
  }

  async #inject({ namespace, isNewPod, text, turn }: Asked): Promise<Verdict> {
    if (this.#isExempt(namespace)) return this.#counted('inject', 'exempt', ALLOWED)
    if (!isNewPod) return this.#counted('inject', 'skipped', ALLOWED)
    const namespaceAnnotations = await this.#lookUp(namespace, turn.signal)
    const { verdict, outcome } = reviewPod(parseReview(text), { namespaceAnnotations, values: this.#values() })
    this.#deps.log.debug('pod reviewed', { namespace, outcome })
    return this.#counted('inject', outcome, verdict)
  }

  #validate(review: AdmissionRequest): Verdict {
    if (this.#isExempt(review.namespace)) return this.#counted('validate', 'exempt', ALLOWED)
    const { model, clock } = this.#deps
    const verdict = reviewObject(review, { objects: model.objects(), nowMs: clock.nowMs() })
    return this.#counted('validate', verdict.kind === 'allowed' ? 'allowed' : 'refused', verdict)
  }

  #isExempt(namespace: string): boolean {
    return this.#exempt.includes(namespace)
  }

  async #lookUp(namespace: string, ousted: AbortSignal): Promise<Readonly<Record<string, string>>> {
    const { clock } = this.#deps
    const late = new AbortController()
    const timeout = clock.sleep(LOOKUP_MS, AbortSignal.any([late.signal, ousted])).then(() => undefined)
    try {
      const found = await Promise.race([this.#annotationsOf(namespace), timeout])
      if (found === undefined) throw new Error(`namespace ${namespace} could not be read within ${LOOKUP_MS} ms`)
      return found
    } finally {
      late.abort()
    }
  }

  #counted(webhook: WebhookName, outcome: string, verdict: Verdict): Verdict {
    this.#reviews.with(webhook, outcome).add()
    return verdict
  }

  #failed(webhook: WebhookName, answer: Answer): Answer {
    this.#reviews.with(webhook, 'failed').add()
    return answer
  }

  /** What is the asker's fault is told to him; what is ours, to the log. */
  #explain(webhook: WebhookName, error: unknown): Answer {
    if (error instanceof BodyError) return { status: error.status, text: `${error.message}\n` }
    if (error instanceof ReviewError) return { status: 400, text: `${error.message}\n` }
    // What is nested too deeply for the stack.
    if (error instanceof RangeError) return { status: 422, text: 'the object cannot be looked through\n' }
    const fields = { webhook, error }
    this.#failures.write({ level: 'warn', event: 'admission failed', kind: webhook, fields })
    return { status: 500, text: 'the question could not be answered; see the log of the control plane\n' }
  }
}

const ALLOWED: Verdict = { kind: 'allowed' }

/** What is known of a question while something is waited for. */
interface Question {
  readonly uid: string
  readonly namespace: string
  readonly isNewPod: boolean
}

interface Asked extends Question {
  readonly text: string
  readonly turn: Turn
}

/** Apart from the object, which in memory is up to 20 times as large as its text: as such it is not kept while others are read. */
function questionIn(text: string): Question {
  const { uid, namespace, kind, operation, object }: AdmissionRequest = parseReview(text)
  const isPod = kind.group === '' && kind.kind === 'Pod'
  return { uid, namespace, isNewPod: isPod && operation === 'CREATE' && object !== undefined }
}

/** HTTP/2 keeps what still comes for a question that was answered, and anybody can leave many of those. */
function endUnread(request: Http2ServerRequest): void {
  if (!request.complete) request.stream.close(constants.NGHTTP2_CANCEL)
}

function webhookOf({ method, url = '/', headers }: Http2ServerRequest): WebhookName | Answer {
  const path = url.split('?')[0]
  if (path !== '/inject' && path !== '/validate') return { status: 404, text: 'there are /inject and /validate\n' }
  if (method !== 'POST') return { status: 405, text: 'only POST\n' }
  const type = headers['content-type']?.split(';')[0]?.trim()
  if (type !== 'application/json') return { status: 415, text: 'expected application/json\n' }
  return path === '/inject' ? 'inject' : 'validate'
}
