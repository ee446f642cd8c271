/** Timeout = 1*8DIGIT unit. https://github.com/grpc/grpc/blob/master/doc/PROTOCOL-HTTP2.md */
const MAX_DIGITS = 8
const MAX_VALUE = 10 ** MAX_DIGITS - 1

/** The units, the largest first, in µs. */
const UNITS = [
  { letter: 'H', us: 3_600_000_000 },
  { letter: 'M', us: 60_000_000 },
  { letter: 'S', us: 1_000_000 },
  { letter: 'm', us: 1_000 },
  { letter: 'u', us: 1 },
] as const

/** From here on parts of a ms are left out: the texts are then few, so that HPACK has most of them in its table. */
const COARSE_FROM_US = 1_000_000

/** @returns µs, whole ones rounded down; `undefined` for what is not exactly as the protocol has it */
export function parseTimeout(text: string): number | undefined {
  const digits = text.length - 1
  if (digits < 1 || digits > MAX_DIGITS) return undefined
  let value = 0
  for (let i = 0; i < digits; i++) {
    const digit = text.charCodeAt(i) - 48
    if (digit < 0 || digit > 9) return undefined
    value = value * 10 + digit
  }
  const letter = text[digits]
  if (letter === 'n') return Math.floor(value / 1000)
  const unit = UNITS.find((one) => one.letter === letter)
  return unit === undefined ? undefined : value * unit.us
}

/**
 * The timeout in the largest unit that says it exactly with 8 digits; where none does, rounded down, since a server must not be
 * given more time than there is. Nothing left is said as the shortest time there is, for a timeout of 0 is not allowed.
 */
export function formatTimeout(leftUs: number): string {
  if (leftUs < 1) return '1n'
  const us = leftUs < COARSE_FROM_US ? Math.floor(leftUs) : Math.floor(leftUs / 1000) * 1000
  const exact = UNITS.find((unit) => us % unit.us === 0 && us / unit.us <= MAX_VALUE)
  if (exact !== undefined) return `${us / exact.us}${exact.letter}`
  const finest = UNITS.findLast((unit) => us / unit.us < MAX_VALUE + 1) ?? UNITS[0]
  return `${Math.min(MAX_VALUE, Math.floor(us / finest.us))}${finest.letter}`
}
