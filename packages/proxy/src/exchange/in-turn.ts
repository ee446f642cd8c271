import type { Exchange } from './exchange.ts'

/** Does what follows a wait: whatever is to be written leaves at the end. If it cannot be done, the exchange fails. */
export function inTurn(exchange: Exchange, act: () => void): void {
  const { turn } = exchange.core
  turn.enter()
  try {
    act()
  } catch (error) {
    exchange.failWith(error)
  } finally {
    turn.leave()
  }
}
