import { grpcKindOf } from '@heddle/api/grpc-kind'
import { GRPC_STATUS, grpcStatusOfHttp } from '@heddle/api/grpc-status'
import type { Fields } from '@heddle/http/fields'
import type { RequestHead, ResponseHead } from '@heddle/http/message'
import type { ProxyError } from '../errors/proxy-error.ts'
import type { Deadline, DeadlineOwner, Deadlines } from './deadlines.ts'
import { grpcStatusOfReset, parseGrpcStatus } from './status.ts'
import { formatTimeout, parseTimeout } from './timeout.ts'

/**
 * A client whose own clock says that the deadline has passed cancels, mostly just before our timer: in this last part of the
 * time its cancel is taken for what it means.
 */
const LAST_PART = 0.1

/** The call of gRPC that a request is; `undefined` for all others. Nothing is looked up for a GET. */
export function grpcCallOf(head: RequestHead, nowUs: number): GrpcCall | undefined {
  if (head.method !== 'POST') return undefined
  const contentType = head.fields.get('content-type') ?? ''
  const kind = grpcKindOf(head.method, contentType)
  return kind === undefined ? undefined : new GrpcCall(kind, contentType, timesOf(head.fields, nowUs))
}

interface CallTimes {
  readonly startedUs: number
  /** Infinity: there is no deadline. */
  readonly dueUs: number
}

/** A timeout that is not as the protocol has it sets no deadline and is passed on as it came: the application judges it. */
function timesOf(fields: Fields, startedUs: number): CallTimes {
  const text = fields.get('grpc-timeout')
  const timeoutUs = text === undefined ? undefined : parseTimeout(text)
  return { startedUs, dueUs: timeoutUs === undefined ? Number.POSITIVE_INFINITY : startedUs + timeoutUs }
}

/** What makes a request of gRPC more than one of HTTP: its deadline, and its status. */
export class GrpcCall {
  /** gRPC-Web has its trailers within the body, where they are not looked for. */
  readonly kind: 'grpc' | 'grpc-web'
  /** An answer of our own has the same. */
  readonly contentType: string
  readonly #times: CallTimes
  #deadline: Deadline | undefined
  #status: number | undefined
  #resetStatus: number | undefined

  constructor(kind: 'grpc' | 'grpc-web', contentType: string, times: CallTimes) {
    this.kind = kind
    this.contentType = contentType
    this.#times = times
  }

  /** Sees to it that `owner` hears of the deadline. To be ended by {@link end}. */
  watch(deadlines: Deadlines, owner: DeadlineOwner): void {
    const { dueUs } = this.#times
    if (dueUs !== Number.POSITIVE_INFINITY) this.#deadline = deadlines.add(dueUs, owner)
  }

  end(): void {
    this.#deadline?.cancel()
  }

  /** What the server said; `undefined` before it has. */
  get status(): number | undefined {
    return this.#status
  }

  /** The timeout that the client gave, in ms; for people. */
  get timeoutMs(): number {
    return (this.#times.dueUs - this.#times.startedUs) / 1000
  }

  /** Passes the deadline on: what is left of the time at `nowUs`. */
  writeTimeout(fields: Fields, nowUs: number): void {
    const { dueUs } = this.#times
    if (dueUs !== Number.POSITIVE_INFINITY) fields.set('grpc-timeout', formatTimeout(dueUs - nowUs))
  }

  /** Status and trailers may be in the head, when there is nothing but it ("Trailers-Only"). */
  sawHead(head: ResponseHead): void {
    this.#saw(head.fields)
  }

  sawTrailers(trailers: Fields | undefined): void {
    if (trailers !== undefined) this.#saw(trailers)
  }

  /** @param code - of RST_STREAM; `undefined` when the connection was lost */
  sawReset(code: number | undefined): void {
    this.#resetStatus = grpcStatusOfReset(code)
  }

  /** The proxy itself answers with that. */
  answeredWith(status: number): void {
    this.#status = status
  }

  /** What the client gets in the place of its answer. */
  statusOfFailure(error: ProxyError): number {
    if (error.code === 'upstream_reset' && this.#resetStatus !== undefined) return this.#resetStatus
    return GRPC_STATUS[error.spec.grpc]
  }

  /**
   * The status that the call ended with; `undefined` for one of gRPC-Web that has it in its body.
   * @param status - of HTTP
   */
  finalStatus(status: number, error: ProxyError | undefined, nowUs: number): number | undefined {
    if (error?.code === 'client_reset' && this.#isNearlyDue(nowUs)) return GRPC_STATUS.DEADLINE_EXCEEDED
    if (error !== undefined) return this.statusOfFailure(error)
    if (this.#status !== undefined) return this.#status
    return this.kind === 'grpc-web' && status === 200 ? undefined : grpcStatusOfHttp(status)
  }

  #isNearlyDue(nowUs: number): boolean {
    const { startedUs, dueUs } = this.#times
    return dueUs !== Number.POSITIVE_INFINITY && dueUs - nowUs <= (dueUs - startedUs) * LAST_PART
  }

  #saw(fields: Fields): void {
    const text = fields.get('grpc-status')
    if (text !== undefined) this.#status = parseGrpcStatus(text)
  }
}
