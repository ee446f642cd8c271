/** JSON of `octets`, or `undefined` when they are none. */
export function parseJson(octets: Uint8Array): unknown {
  try {
    return JSON.parse(Buffer.from(octets.buffer, octets.byteOffset, octets.length).toString('utf8')) as unknown
  } catch {
    return undefined
  }
}
