const HEAD = /^(?<length>.{6})(?<type>.{2})(?<flags>.{2})(?<stream>.{8})/

/**
 * What DATA frames carry, by stream in the order of their first HEADERS: a plain reading of RFC 9113 §6.1 and §6.2 on hexadecimal digits,
 * for frames that break no rule. Written apart from the codec and in another way, so that both do not share their mistakes.
 *
 * @param octets - behind the preface; the last frame may be cut short
 * @returns Latin-1
 */
export function readReferenceBodies(octets: Buffer): string[] {
  const bodies = new Map<number, string>()
  const ended = new Set<number>()
  let left = octets.toString('hex')
  for (let head = HEAD.exec(left)?.groups; head !== undefined; head = HEAD.exec(left)?.groups) {
    const digits = numberOf(head.length) * 2
    const payload = left.slice(18, 18 + digits)
    left = left.slice(18 + digits)
    const stream = numberOf(head.stream) % 2 ** 31
    const flags = numberOf(head.flags).toString(2).padStart(8, '0')
    const isData = numberOf(head.type) === 0
    if (numberOf(head.type) > 1) continue
    if (!isData && !bodies.has(stream)) bodies.set(stream, '')
    if (isData && !ended.has(stream))
      bodies.set(stream, bodies.get(stream) + contentOf(payload, digits, flags[4] === '1'))
    // Once a frame is whole, its flag counts.
    if (flags[7] === '1' && payload.length === digits) ended.add(stream)
  }
  return [...bodies.values()].map((hex) => Buffer.from(hex, 'hex').toString('latin1'))
}

function contentOf(payload: string, digits: number, isPadded: boolean): string {
  if (!isPadded) return payload
  const padding = numberOf(payload.slice(0, 2) || '0') * 2
  return payload.slice(2, Math.max(2, digits - padding))
}

function numberOf(hex: string | undefined): number {
  return Number.parseInt(hex ?? '', 16)
}
