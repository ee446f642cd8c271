import type { Socket } from 'node:net'
import { networkInterfaces } from 'node:os'
import { formatHostPort } from '@heddle/base/host-port'
import type { ByteSocket } from '../platform/byte-socket.ts'

/**
 * What the proxy sends here comes to its own inbound listener, redirected by the rules of the network namespace: one stands for the
 * instance's address of IPv4, one for that of IPv6, of which the application may listen on either alone.
 */
const SELF_ADDRESSES = { IPv4: '127.0.0.6', IPv6: '127.0.0.7' } as const

/** Notices connections that go around in circles: to the proxy's own listeners, or from itself to itself. */
export class LoopGuard {
  readonly #listeners: Array<{ readonly address: string; readonly port: number }> = []
  readonly #outgoing = new Set<string>()
  #isRedirected = false
  /** The first one of a family is where the application is reached by it. */
  #ownAddresses: readonly string[] = []
  readonly #listAddresses: () => readonly string[]

  /** @param listAddresses - addresses of this host or namespace that others see */
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
    return this.#ownAddresses.includes(address) ? SELF_ADDRESSES[familyOf(address)] : address
  }

  /** Where a redirected connection to `address` was meant to go: undoes {@link toProxyAddress}. */
  fromProxyAddress(address: string): string {
    const family = selfFamilyOf(address)
    if (family === undefined) return address
    return this.#ownAddresses.find((own) => familyOf(own) === family) ?? address
  }

  /** Remembers a connection that the proxy opened, until it closes; only where it might come back unasked. */
  addOutgoing(socket: Socket): void {
    const { localAddress, localPort, remoteAddress = '', remotePort = 0 } = socket
    if (!this.#isRedirected || selfFamilyOf(remoteAddress) !== undefined) return
    const name = `${localAddress}:${localPort} ${formatHostPort({ host: remoteAddress, port: remotePort })}`
    this.#outgoing.add(name)
    socket.once('close', () => this.#outgoing.delete(name))
  }

  /**
   * Whether the proxy itself opened the connection that `accepted` is the other end of: it is not exempt from redirection. Both ends decide: the
   * kernel gives an application's connection the port of one of the proxy's where they go to different places.
   *
   * @param destination - where it was meant to go, as {@link formatHostPort} has it
   */
  isFromItself(accepted: ByteSocket, destination: string): boolean {
    return this.#isRedirected && this.#outgoing.has(`${accepted.remoteAddress}:${accepted.remotePort} ${destination}`)
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
  return all.filter(({ internal, address }) => !internal && !isLinkLocal(address)).map(({ address }) => address)
}

/** Nobody calls a workload by such an address (RFC 4291, section 2.5.6). */
function isLinkLocal(address: string): boolean {
  return address.startsWith('fe80:')
}

function familyOf(address: string): keyof typeof SELF_ADDRESSES {
  return address.includes(':') ? 'IPv6' : 'IPv4'
}

/** Which of the instance's addresses it stands for; `undefined`: it stands for itself. */
function selfFamilyOf(address: string | undefined): keyof typeof SELF_ADDRESSES | undefined {
  if (address === SELF_ADDRESSES.IPv4) return 'IPv4'
  return address === SELF_ADDRESSES.IPv6 ? 'IPv6' : undefined
}

/** Asked only when a port of ours was met, so it need not be remembered. */
function isOwnAddress(address: string): boolean {
  if (address === '::1' || address.startsWith('127.')) return true
  for (const addresses of Object.values(networkInterfaces())) {
    if (addresses?.some((own) => own.address === address) === true) return true
  }
  return false
}
