/**
 * Splits what is too much for one call, in order. A part has at most `maxBytes` octets of JSON, or a single item. There is always one
 * part: to have nothing is an answer, too.
 */
export function splitBySize<T>(items: readonly T[], maxBytes: number): T[][] {
  const parts: T[][] = [[]]
  let bytes = 0
  for (const item of items) {
    const size = Buffer.byteLength(JSON.stringify(item))
    if (bytes > 0 && bytes + size > maxBytes) {
      parts.push([])
      bytes = 0
    }
    parts.at(-1)!.push(item)
    bytes += size
  }
  return parts
}
