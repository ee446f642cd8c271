import type { ProxyError } from '../errors/proxy-error.ts'
import type { ConnectionHome, PooledConnection, PoolWaiter } from './pooled-connection.ts'

/** Requests to upgrade that wait on a connection, until its server has said whether it takes such. */
export class UpgradeWaiters {
  readonly #waiting = new Set<PoolWaiter>()

  add(waiter: PoolWaiter): void {
    this.#waiting.add(waiter)
  }

  remove(waiter: PoolWaiter): void {
    this.#waiting.delete(waiter)
  }

  /** They begin on `connection`, as far as there is room. */
  begin(connection: PooledConnection, home: ConnectionHome): void {
    for (const waiter of this.#take()) {
      if (connection.room > 0) waiter.gotConnection(connection)
      else home.waitAgain(waiter)
    }
  }

  /** They wait for another connection. */
  leave(home: ConnectionHome): void {
    for (const waiter of this.#take()) home.waitAgain(waiter)
  }

  /** @param error - makes one for each */
  fail(error: () => ProxyError): void {
    for (const waiter of this.#take()) waiter.gotNone(error())
  }

  /** One after the other, as what becomes of one may end another. */
  *#take(): Iterable<PoolWaiter> {
    for (const waiter of this.#waiting) {
      this.#waiting.delete(waiter)
      yield waiter
    }
  }
}
