import { get } from 'node:http'

const EVERY_MS = 400
const TIMEOUT_MS = 5000

/**
 * Sends a few requests a second to each of these ports, so that proxies which wait for their turn are not idle.
 *
 * A proxy that has been idle for some seconds may give its memory back, compiled code included (Heddle does), and pools close
 * their connections. That belongs to bench/memory.ts; here it would be counted as the cost of requests under load.
 */
export function startTrickle(ports: readonly number[]): Disposable {
  const timer = setInterval(() => ports.forEach(askOnce), EVERY_MS)
  return { [Symbol.dispose]: () => clearInterval(timer) }
}

/** What becomes of the request does not matter: errors are counted under load. */
function askOnce(port: number): void {
  const request = get({ host: '127.0.0.1', port, path: '/1k', agent: false, timeout: TIMEOUT_MS }, (answer) =>
    answer.resume(),
  )
  request.on('timeout', () => request.destroy())
  request.on('error', () => request.destroy())
}
