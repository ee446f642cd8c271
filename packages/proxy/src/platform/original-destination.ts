import type { ByteSocket } from './byte-socket.ts'
import { loadGetsockopt } from './getsockopt.ts'

/** Where a redirected connection was meant to go. */
export interface OriginalDestination {
  /** IP literal; IPv4 never in its IPv6-mapped form. */
  readonly address: string
  readonly port: number
}

const SOL_IP = 0
const SOL_IPV6 = 41
/** The same number on both levels: linux/netfilter_ipv4.h and linux/netfilter_ipv6/ip6_tables.h. */
const SO_ORIGINAL_DST = 80
const SOCKADDR_IN_BYTES = 16
const SOCKADDR_IN6_BYTES = 28
const AF_INET = 2
const AF_INET6 = 10

const ipv4 = new Uint8Array(SOCKADDR_IN_BYTES)
const ipv6 = new Uint8Array(SOCKADDR_IN6_BYTES)

/**
 * Asks the kernel for the destination before REDIRECT. To be called in the connection handler, before anything wraps the
 * socket: the descriptor is gone once the client has closed.
 *
 * @returns `undefined` when the kernel does not know, for example because nothing was redirected
 */
export function readOriginalDestination(socket: ByteSocket): OriginalDestination | undefined {
  const fd = (socket as unknown as { _handle?: { fd?: number } })._handle?.fd
  if (fd === undefined || fd < 0) return undefined
  const getsockopt = loadGetsockopt()
  // An IPv4 client of an IPv6 listener is known on the level of IPv4 only, so the client's family decides.
  const isIpv4 =
    socket.remoteAddress === undefined || !socket.remoteAddress.includes(':') || isMapped(socket.remoteAddress)
  const value = isIpv4 ? ipv4 : ipv6
  const level = isIpv4 ? SOL_IP : SOL_IPV6
  if (getsockopt({ fd, level, name: SO_ORIGINAL_DST }, value) !== 0) return undefined
  return parseSocketAddress(value)
}

function isMapped(address: string): boolean {
  return address.startsWith('::ffff:') && address.includes('.')
}

/** Parses a `sockaddr_in` or `sockaddr_in6` of Linux; `undefined` for any other family. */
export function parseSocketAddress(bytes: Uint8Array): OriginalDestination | undefined {
  const family = bytes[0]! | (bytes[1]! << 8)
  const port = (bytes[2]! << 8) | bytes[3]!
  if (family === AF_INET) return { address: bytes.subarray(4, 8).join('.'), port }
  if (family !== AF_INET6 || bytes.length < SOCKADDR_IN6_BYTES) return undefined
  return { address: formatIpv6(bytes.subarray(8, 24)), port }
}

/** RFC 5952: lower case, no leading zeros, the longest run of two or more zero groups as `::`. */
function formatIpv6(octets: Uint8Array): string {
  const groups: number[] = []
  for (let i = 0; i < 16; i += 2) groups.push((octets[i]! << 8) | octets[i + 1]!)
  const run = longestZeroRun(groups)
  const toText = (part: readonly number[]) => part.map((group) => group.toString(16)).join(':')
  if (run.length < 2) return toText(groups)
  return `${toText(groups.slice(0, run.start))}::${toText(groups.slice(run.start + run.length))}`
}

function longestZeroRun(groups: readonly number[]): { start: number; length: number } {
  let best = { start: 0, length: 0 }
  for (let start = 0; start < groups.length; start++) {
    let length = 0
    while (start + length < groups.length && groups[start + length] === 0) length += 1
    if (length > best.length) best = { start, length }
  }
  return best
}
