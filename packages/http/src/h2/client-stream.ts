import type { RequestHead } from '../message/head.ts'
import type { ResponseReceiver } from '../session.ts'
import { H2_CODE } from './error-code.ts'
import type { ReceivedResponse } from './read-response-head.ts'
import { UNKNOWN_LENGTH } from './receiving-half.ts'
import { H2Stream } from './stream.ts'
import type { StreamHome } from './stream-home.ts'

/** What a stream needs of a client's connection. */
export interface RequestHome extends StreamHome {
  /** The stream is over, and its receiver knows. */
  streamOver(): void
}

/** One request of ours, and its answer. */
export class H2ClientStream extends H2Stream {
  readonly head: RequestHead
  /** The `:protocol` of an extended CONNECT. RFC 8441. */
  readonly protocol: string | undefined
  readonly responseReceiver: ResponseReceiver
  hasHead = false
  informationalBytes = 0
  #isOverWithInput = false
  readonly #home: RequestHome

  constructor(
    home: RequestHome,
    id: number,
    request: Pick<H2ClientStream, 'head' | 'protocol' | 'responseReceiver'> & { readonly hasBody: boolean },
  ) {
    super(home, id)
    this.#home = home
    this.head = request.head
    this.protocol = request.protocol
    this.responseReceiver = request.responseReceiver
    this.receiver = request.responseReceiver
    if (this.#maySwitch) {
      // Nothing is sent before the server agreed; the half stays open for that.
      this.isOutputEnded = true
    } else if (request.hasBody) {
      this.announcedLeft = request.head.bodyLength ?? UNKNOWN_LENGTH
    } else {
      this.endWithHead()
    }
  }

  /** The final head came. */
  answer({ head, hasBody, isOpaque }: ReceivedResponse): void {
    this.hasHead = true
    if (isOpaque) {
      this.isOpaque = true
      this.isOutputEnded = false
    } else {
      const isEmpty = !hasBody
      this.contentLeft = isEmpty ? 0 : (head.bodyLength ?? UNKNOWN_LENGTH)
    }
    this.responseReceiver.onHead(head, hasBody)
  }

  protected checkMaySend(): void {}

  protected outputEnded(): void {}

  protected outputEndSent(): void {
    if (!this.isOpaque || !this.isInputEndTold) return
    this.remove()
    this.#home.streamOver()
  }

  protected inputEndTold(): void {
    this.#isOverWithInput = this.isOutputEndSent || !this.isOpaque
    if (this.isOutputEndSent) this.remove()
    // The answer is complete: nobody needs the rest of the request. RFC 9113 §8.1.
    else if (!this.isOpaque) this.home.resetStream(this, H2_CODE.noError)
  }

  protected override afterEndTold(): void {
    if (this.#isOverWithInput) this.#home.streamOver()
  }

  get #maySwitch(): boolean {
    return this.protocol !== undefined || this.head.method === 'CONNECT'
  }
}
