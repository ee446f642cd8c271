/** Longer messages are cut: they are for people, and a head has its limits. */
const MAX_LENGTH = 1_000
const PERCENT = 0x25

/**
 * Text as the value of `grpc-message`: UTF-8, of which all that is not printable ASCII is percent-encoded.
 * https://github.com/grpc/grpc/blob/master/doc/PROTOCOL-HTTP2.md, "Status-Message"
 */
export function encodeGrpcMessage(text: string): string {
  let encoded = ''
  for (const octet of Buffer.from(text.trim().slice(0, MAX_LENGTH))) {
    const isPlain = octet >= 0x20 && octet <= 0x7e && octet !== PERCENT
    encoded += isPlain ? String.fromCharCode(octet) : `%${octet.toString(16).toUpperCase().padStart(2, '0')}`
  }
  return encoded
}
