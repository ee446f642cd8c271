import type { Exchange } from './exchange.ts'

/** Does what follows a wait: whatever is to be written leaves at the end. */
export function inTurn(exchange: Exchange, act: () => void): void {
  const { turn } = exchange.core
  turn.enter()
  try {
    act()
  } finally {
    turn.leave()
  }
}
