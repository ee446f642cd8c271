import type { Socket } from 'node:net'
import { networkInterfaces } from 'node:os'

/** What the proxy sends here comes to its own inbound listener, redirected by the rules of the network namespace. */
const SELF_ADDRESS = '127.0.0.6'

/** Notices connections that go around in circles: to the proxy's own listeners, or from itself to itself. */
export class LoopGuard {
  readonly #listeners: Array<{ readonly address: string; readonly port: number }> = []
  readonly #outgoing = new Set<string>()
  #isRedirected = false
  /** The first one is where the application is reached. */
  #ownAddresses: readonly string[] = []
  readonly #listAddresses: () => readonly string[]

  /** @param listAddresses - addresses of this host or namespace that others see, IPv4 first */
  constructor(listAddresses: () => readonly string[] = listOuterAddresses) {
    this.#listAddresses = listAddresses
  }

  /** An address the proxy listens on. */
  addListener(address: string, port: number): void {
    this.#listeners.push({ address, port })
  }

  /** There is a listener to which the kernel redirects: the proxy's own connections might come back. */
  expectRedirection(): void {
    this.#isRedirected = true
    this.#ownAddresses = this.#listAddresses()
  }

  /**
   * Where to connect to for the proxy at `address`. Connections to an address of its own would stay on loopback, and pass
   * the inbound listener by.
   */
  toProxyAddress(address: string): string {
    return this.#ownAddresses.includes(address) ? SELF_ADDRESS : address
  }

  /** Where a redirected connection to `address` was meant to go: undoes {@link toProxyAddress}. */
  fromProxyAddress(address: string): string {
    return address === SELF_ADDRESS ? (this.#ownAddresses[0] ?? address) : address
  }

  /** Remembers a connection that the proxy opened, until it closes; only where it might come back unasked. */
  addOutgoing(socket: Socket): void {
    if (!this.#isRedirected || socket.remoteAddress === SELF_ADDRESS) return
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

function listOuterAddresses(): readonly string[] {
  const all = Object.values(networkInterfaces()).flatMap((addresses) => addresses ?? [])
  const outer = all.filter(({ internal }) => !internal)
  return outer.sort((a, b) => Number(b.family === 'IPv4') - Number(a.family === 'IPv4')).map(({ address }) => address)
}

/** Asked only when a port of ours was met, so it need not be remembered. */
function isOwnAddress(address: string): boolean {
  if (address === '::1' || address.startsWith('127.')) return true
  for (const addresses of Object.values(networkInterfaces())) {
    if (addresses?.some((own) => own.address === address) === true) return true
  }
  return false
}
