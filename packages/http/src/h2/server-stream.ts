import type { RequestHead, ResponseHead } from '../message/head.ts'
import type { ServerStream } from '../session.ts'
import { H2_CODE } from './error-code.ts'
import { UNKNOWN_LENGTH } from './receiving-half.ts'
import { H2Stream } from './stream.ts'
import type { StreamHome } from './stream-home.ts'

/** To an extended CONNECT, 2xx means that the protocol was switched; an ordinary answer must not say so. RFC 8441 §5. */
const NOT_SWITCHED = 501

/** What an answer's head becomes on the wire. */
export interface AnswerHead {
  readonly status: number
  readonly length: number | undefined
  readonly isLast: boolean
}

/** What a stream needs of a server's connection. */
export interface AnswerHome extends StreamHome {
  /** Writes HEADERS with an answer's head. */
  writeAnswerHead(streamId: number, head: ResponseHead, answer: AnswerHead): void
  /** The answer has begun. */
  answerBegun(): void
}

/** One request at the server: the rest of its body is refused once the answer has left. RFC 9113 §8.1. */
export class H2ServerStream extends H2Stream implements ServerStream {
  readonly head: RequestHead
  readonly #home: AnswerHome
  readonly hasHead = true
  isHeadSent = false

  constructor(home: AnswerHome, id: number, head: RequestHead) {
    super(home, id)
    this.#home = home
    this.head = head
    this.isGated = this.maySwitch
  }

  sendInformational(head: ResponseHead): void {
    if (head.status < 100 || head.status > 199 || head.status === 101)
      throw new RangeError(`status ${head.status} is final`)
    if (this.isOver || this.isHeadSent) return
    this.#home.writeAnswerHead(this.id, head, { status: head.status, length: undefined, isLast: false })
  }

  sendHead(head: ResponseHead, hasBody: boolean): void {
    if (this.isOver) return
    if (this.isHeadSent) throw new RangeError('the head of this answer was sent before')
    const isOpaque = this.#isSwitch(head)
    const answer = this.#answerHead(head, hasBody, isOpaque)
    this.isHeadSent = true
    if (hasBody && !answer.isLast && !isOpaque) this.announcedLeft = head.bodyLength ?? UNKNOWN_LENGTH
    this.#home.writeAnswerHead(this.id, head, answer)
    this.#home.answerBegun()
    if (isOpaque) {
      this.isOpaque = true
      this.isGated = false
      this.release()
      return
    }
    if (this.maySwitch) this.#endRequest()
    if (!answer.isLast || this.isOver) return
    this.endWithHead()
    if (!this.isRemoved) this.outputEndSent()
  }

  protected checkMaySend(): void {
    if (!this.isHeadSent) throw new RangeError('a body, or its end, before the head')
  }

  protected outputEnded(): void {
    if (!this.isOpaque) this.detach()
  }

  protected outputEndSent(): void {
    if (this.isOpaque && !this.isInputEndTold) return
    if (this.isInputEnded) this.remove()
    // RFC 9113 §8.1: the client may stop sending, and keeps the answer.
    else this.home.resetStream(this, H2_CODE.noError)
  }

  protected inputEndTold(): void {
    if (this.isOpaque && this.isOutputEndSent) this.remove()
  }

  /** Whether the request is for a tunnel: CONNECT, the extended one included. */
  get maySwitch(): boolean {
    return this.head.upgrade !== undefined || this.head.method === 'CONNECT'
  }

  /** No tunnel: what came for it is of nobody, and the request is over. */
  #endRequest(): void {
    this.isGated = false
    this.cutInput()
  }

  #isSwitch({ status, upgrade }: ResponseHead): boolean {
    if (status < 200) {
      if (status !== 101) throw new RangeError(`status ${status} is not final`)
      if (this.head.upgrade === undefined) throw new RangeError('101 to a request without upgrade')
      return true
    }
    if (status > 299) return false
    return this.head.upgrade === undefined ? this.head.method === 'CONNECT' : upgrade !== undefined
  }

  #answerHead(head: ResponseHead, hasBody: boolean, isOpaque: boolean): AnswerHead {
    const { status, bodyLength } = head
    if (isOpaque) return { status: status === 101 ? 200 : status, length: undefined, isLast: false }
    const isOfHead = this.head.method === 'HEAD'
    const isBodiless = isOfHead || status === 204 || status === 304
    if (!hasBody && !isBodiless && bodyLength !== undefined && bodyLength > 0) {
      throw new RangeError(`no body, but a length of ${bodyLength}`)
    }
    const isMisleading = this.head.upgrade !== undefined && status < 300
    return {
      status: isMisleading ? NOT_SWITCHED : status,
      length: status === 204 ? undefined : bodyLength,
      isLast: isBodiless || !hasBody,
    }
  }
}
