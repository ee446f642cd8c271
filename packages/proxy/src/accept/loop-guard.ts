import type { Socket } from 'node:net'
import { networkInterfaces } from 'node:os'

/** Notices connections that go around in circles: to the proxy's own listeners, or from itself to itself. */
export class LoopGuard {
  readonly #listeners: Array<{ readonly address: string; readonly port: number }> = []
  readonly #outgoing = new Set<string>()
  #isRedirected = false

  /** An address the proxy listens on. */
  addListener(address: string, port: number): void {
    this.#listeners.push({ address, port })
  }

  /** There is a listener to which the kernel redirects: the proxy's own connections might come back. */
  expectRedirection(): void {
    this.#isRedirected = true
  }

  /** Remembers a connection that the proxy opened, until it closes; only where it might come back. */
  addOutgoing(socket: Socket): void {
    if (!this.#isRedirected) return
    const name = `${socket.localAddress}:${socket.localPort}`
    this.#outgoing.add(name)
    socket.once('close', () => this.#outgoing.delete(name))
  }

  /** Whether the proxy itself opened the connection that `accepted` is the other end of: it is not exempt from redirection. */
  isFromItself(accepted: Socket): boolean {
    return this.#isRedirected && this.#outgoing.has(`${accepted.remoteAddress}:${accepted.remotePort}`)
  }

  /** Whether a connection to this address would arrive at a listener of this proxy. */
  isOwnListener(address: string, port: number): boolean {
    for (const listener of this.#listeners) {
      if (listener.port !== port) continue
      if (listener.address === address) return true
      const isWildcard = listener.address === '0.0.0.0' || listener.address === '::'
      if (isWildcard && isOwnAddress(address)) return true
    }
    return false
  }
}

/** Asked only when a port of ours was met, so it need not be remembered. */
function isOwnAddress(address: string): boolean {
  if (address === '::1' || address.startsWith('127.')) return true
  for (const addresses of Object.values(networkInterfaces())) {
    if (addresses?.some((own) => own.address === address) === true) return true
  }
  return false
}
