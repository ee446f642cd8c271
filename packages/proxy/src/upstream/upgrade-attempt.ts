import type { ResponseHead } from '@heddle/http/message'
import type { Exchange } from '../exchange/exchange.ts'
import type { PooledConnection, PoolWaiter } from './pooled-connection.ts'
import { addKey, completeAccept, takeAccept, WEB_SOCKET } from './web-socket.ts'

/** What is known of a server and the upgrade that a request offers it. */
type Standing = /** It has not said yet what it takes. */ 'unknown' | 'may-begin' | 'declined'

/** What an attempt with an upgrade has beside others: the server has to say first that it takes such, and then to prove it. */
export class UpgradeAttempt {
  /** Whether octets of another protocol flow. */
  isSwitched = false
  readonly #exchange: Exchange
  #waitsOn: PooledConnection | undefined
  #connection: PooledConnection | undefined
  /** What the server of a WebSocket has to prove with, where we made the key. */
  #proof: string | undefined

  constructor(exchange: Exchange) {
    this.#exchange = exchange
  }

  standingWith({ takesUpgrades }: PooledConnection): Standing {
    const { head, version } = this.#exchange
    // Over HTTP/2 there is no such offer with other methods. RFC 8441 §4.
    if (takesUpgrades === true || head.method !== 'GET') return 'may-begin'
    if (takesUpgrades === undefined) return 'unknown'
    // RFC 9110 §7.8: a server may ignore an offer; but whoever asks for a WebSocket has no use for another answer.
    return version === 'http1' && head.upgrade !== WEB_SOCKET ? 'may-begin' : 'declined'
  }

  /** `waiter` gets `connection` again when it is known what the server takes. */
  waitOn(connection: PooledConnection, waiter: PoolWaiter): void {
    this.#waitsOn = connection
    connection.holdUpgrade(waiter)
  }

  /** Undoes {@link waitOn}. */
  cancel(waiter: PoolWaiter): void {
    this.#waitsOn?.cancelUpgrade(waiter)
  }

  /** The request is about to go over `connection`. */
  begin(connection: PooledConnection): void {
    this.#connection = connection
    const { head, version } = this.#exchange
    const needsKey = version === 'http2' && connection.version === 'http1'
    if (needsKey && head.upgrade === WEB_SOCKET) this.#proof = addKey(head)
  }

  /** The server agreed with `answer`. @returns false when it did not prove that it understood */
  switched(answer: ResponseHead): boolean {
    this.isSwitched = true
    if (this.#proof !== undefined && !takeAccept(answer, this.#proof)) return false
    const { head, version } = this.#exchange
    if (version === 'http1' && this.#connection?.version === 'http2') completeAccept(head, answer)
    return true
  }
}
