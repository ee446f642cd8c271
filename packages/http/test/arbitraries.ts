import fc from 'fast-check'

const TOKEN_CHARS = "!#$%&'*+-.^_`|~0123456789abcdefghijklmnopqrstuvwxyz"
/** The codec's own fields are not passed on, so a round trip does not have them. */
const OWN = ['te', 'host', 'expect', 'upgrade', 'connection', 'keep-alive', 'content-length', 'transfer-encoding']

function characters(octets: readonly number[]): fc.Arbitrary<string> {
  return fc.constantFrom(...octets.map((octet) => String.fromCharCode(octet)))
}

function octetsFrom(first: number, last: number): number[] {
  return Array.from({ length: last - first + 1 }, (_, index) => first + index)
}

const visible = characters([...octetsFrom(0x21, 0x7e), ...octetsFrom(0x80, 0xff)])
const inner = characters([0x09, ...octetsFrom(0x20, 0x7e), ...octetsFrom(0x80, 0xff)])

export const token = fc.string({ unit: fc.constantFrom(...TOKEN_CHARS), minLength: 1, maxLength: 20 })

/** A field value without blanks around it. */
const fieldValue = fc.oneof(
  fc.constant(''),
  visible,
  fc.tuple(visible, fc.string({ unit: inner, maxLength: 30 }), visible).map((parts) => parts.join('')),
)

/** Lines of fields that belong to the message. */
export const fieldLines = fc
  .array(fc.tuple(token, fieldValue), { maxLength: 12 })
  .map((lines) => lines.filter(([name]) => !OWN.includes(name)))

export const path = fc
  .string({ unit: characters(octetsFrom(0x21, 0x7e).filter((octet) => octet !== 0x23)), maxLength: 40 })
  .map((rest) => `/${rest}`)

export const authority = fc.oneof(
  fc.domain(),
  fc.tuple(fc.domain(), fc.nat(65_535)).map(([host, port]) => `${host}:${port}`),
  fc.ipV4(),
  fc.ipV6().map((address) => `[${address}]:80`),
)

/** A body in the pieces in which it is sent; Latin-1. */
export const bodyParts = fc.array(fc.string({ unit: characters(octetsFrom(0, 255)), maxLength: 200 }), { maxLength: 5 })
