import { isAuthority } from '../message/authority.ts'
import { isTextAt, toLatin1Buffer } from '../octets.ts'

/** A power of two. */
const SLOTS = 64
const MAX_HOST_OCTETS = 128

/** Hosts that were asked for lately, by {@link slotOf}: for one that comes again neither is a string made nor its form looked at. */
const hosts = new Array<string>(SLOTS).fill('')

/** What is from `start` to `end`, if it is an authority: see {@link isAuthority}. */
export function hostAt(bytes: Uint8Array, start: number, end: number): string | undefined {
  const slot = slotOf(bytes, start, end)
  const known = hosts[slot]!
  if (known.length === end - start && isTextAt(bytes, start, known)) return known
  const host = toLatin1Buffer(bytes).latin1Slice(start, end)
  if (!isAuthority(host)) return undefined
  if (host.length <= MAX_HOST_OCTETS) hosts[slot] = host
  return host
}

/** Names of services differ at their beginning, ports at their end. */
function slotOf(bytes: Uint8Array, start: number, end: number): number {
  return (bytes[start]! * 3 + bytes[end - 1]! * 5 + (end - start)) & (SLOTS - 1)
}
