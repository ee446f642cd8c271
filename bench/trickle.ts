import { ask } from './ask.ts'
import type { Scenario } from './scenarios.ts'

const EVERY_MS = 400

/**
 * Sends a few requests a second to each of these ports, so that proxies which wait for their turn are not idle.
 *
 * A proxy that has been idle for some seconds may give its memory back, compiled code included (Heddle does), and pools close
 * their connections. That belongs to bench/memory.ts; here it would be counted as the cost of requests under load.
 */
export function startTrickle(ports: readonly number[], scenario: Scenario): Disposable {
  // What becomes of the request does not matter: errors are counted under load.
  const askAll = () => ports.forEach((port) => void ask(port, scenario).catch(() => undefined))
  const timer = setInterval(askAll, EVERY_MS)
  return { [Symbol.dispose]: () => clearInterval(timer) }
}
