/** Ports from `first` to `last`, both included. */
export interface PortRange {
  readonly first: number
  readonly last: number
}

/** Each becomes a rule of the kernel, which every connection passes. */
const MAX_RANGES = 100

/** Parses `25,4000-4100`; empty: none. @throws {RangeError} saying which part is wrong */
export function parsePortRanges(text: string): readonly PortRange[] {
  const ranges = splitList(text).map(parseRange)
  if (ranges.length > MAX_RANGES) throw new RangeError(`more than ${MAX_RANGES} ports and ranges`)
  return ranges
}

/** Formats as {@link parsePortRanges} reads it. */
export function formatPortRanges(ranges: readonly PortRange[]): string {
  return ranges.map(({ first, last }) => (first === last ? String(first) : `${first}-${last}`)).join(',')
}

/** Whether `port` is in one of the ranges. */
export function hasPort(ranges: readonly PortRange[], port: number): boolean {
  return ranges.some(({ first, last }) => first <= port && port <= last)
}

/** The entries of a list with commas; spaces around them do not count. */
export function splitList(text: string): readonly string[] {
  return text
    .split(',')
    .map((part) => part.trim())
    .filter((part) => part !== '')
}

function parseRange(text: string): PortRange {
  const match = /^(\d{1,5})(?:-(\d{1,5}))?$/.exec(text)
  if (match === null) throw new RangeError(`${JSON.stringify(text)} is neither a port nor FIRST-LAST`)
  const first = toPort(match[1]!)
  const last = match[2] === undefined ? first : toPort(match[2])
  if (last < first) throw new RangeError(`${text}: the first port is above the last`)
  return { first, last }
}

function toPort(digits: string): number {
  const port = Number(digits)
  if (port < 1 || port > 65_535) throw new RangeError(`port ${digits} is not from 1 to 65535`)
  return port
}
