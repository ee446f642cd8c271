/** An IP address as a number, with its family. */
export interface IpAddress {
  readonly family: 4 | 6
  readonly value: bigint
}

const V4_MAPPED_PREFIX = 0xffffn << 32n

/**
 * Reads an IP literal: IPv4 in four decimal parts without leading zeros, or IPv6 (RFC 4291 §2.2) without a zone.
 *
 * @returns `undefined` when `text` is not one
 */
export function parseIp(text: string): IpAddress | undefined {
  const parsed = text.includes(':') ? parseV6(text) : parseV4(text)
  if (parsed === undefined) return undefined
  return { family: text.includes(':') ? 6 : 4, value: parsed }
}

/** Writes the canonical form; IPv6 as RFC 5952 says. The inverse of {@link parseIp}. */
export function formatIp(ip: IpAddress): string {
  if (ip.family === 4) return formatV4(ip.value)
  if (ip.value >> 32n === 0xffffn) return `::ffff:${formatV4(ip.value & 0xffff_ffffn)}`
  const groups = Array.from({ length: 8 }, (_, i) => Number((ip.value >> BigInt(112 - 16 * i)) & 0xffffn).toString(16))
  const gap = longestZeros(groups)
  if (gap.length < 2) return groups.join(':')
  return `${groups.slice(0, gap.start).join(':')}::${groups.slice(gap.start + gap.length).join(':')}`
}

/**
 * The one text of an address that all its spellings have in common; an IPv4-mapped IPv6 address is its IPv4 address.
 *
 * @returns `undefined` when `text` is no IP literal
 */
export function canonicalIp(text: string): string | undefined {
  const ip = parseIp(text)
  if (ip === undefined) return undefined
  if (ip.family === 6 && ip.value >> 32n === 0xffffn) return formatV4(ip.value - V4_MAPPED_PREFIX)
  return formatIp(ip)
}

function parseV4(text: string): bigint | undefined {
  const parts = text.split('.')
  if (parts.length !== 4) return undefined
  let value = 0n
  for (const part of parts) {
    if (!/^(0|[1-9]\d{0,2})$/.test(part) || Number(part) > 255) return undefined
    value = (value << 8n) | BigInt(part)
  }
  return value
}

function parseV6(text: string): bigint | undefined {
  const halves = text.split('::')
  if (halves.length > 2) return undefined
  const head = parseGroups(halves[0]!, halves.length === 1)
  const tail = halves.length === 2 ? parseGroups(halves[1]!, true) : []
  if (head === undefined || tail === undefined) return undefined
  const missing = 8 - head.length - tail.length
  if (halves.length === 1 ? missing !== 0 : missing < 1) return undefined
  const groups = [...head, ...new Array<number>(missing).fill(0), ...tail]
  return groups.reduce((value, group) => (value << 16n) | BigInt(group), 0n)
}

/** @param mayEndInV4 - whether the last 32 bits may be written as IPv4 */
function parseGroups(text: string, mayEndInV4: boolean): number[] | undefined {
  if (text === '') return []
  const groups: number[] = []
  const parts = text.split(':')
  for (const [i, part] of parts.entries()) {
    if (part.includes('.')) {
      const v4 = mayEndInV4 && i === parts.length - 1 ? parseV4(part) : undefined
      if (v4 === undefined) return undefined
      groups.push(Number(v4 >> 16n), Number(v4 & 0xffffn))
      continue
    }
    if (!/^[0-9a-fA-F]{1,4}$/.test(part)) return undefined
    groups.push(Number.parseInt(part, 16))
  }
  return groups
}

function formatV4(value: bigint): string {
  return [24n, 16n, 8n, 0n].map((shift) => String((value >> shift) & 0xffn)).join('.')
}

function longestZeros(groups: readonly string[]): { readonly start: number; readonly length: number } {
  let best = { start: 0, length: 0 }
  for (let start = 0; start < groups.length; start++) {
    let length = 0
    while (groups[start + length] === '0') length += 1
    if (length > best.length) best = { start, length }
  }
  return best
}
