import { FieldLines } from './field-lines.ts'

/**
 * The field section of a head, or trailers, whatever codec it came from. RFC 9110 §5.
 *
 * Names are lower case. The order of lines is kept. An implementation may decode lazily and keep octets.
 */
export interface Fields {
  /** Number of field lines. */
  readonly count: number
  nameAt(index: number): string
  valueAt(index: number): string
  /** Value of the first line of that name. `name` is lower case. */
  get(name: string): string | undefined
  /** Values of all lines of that name, in order. */
  getAll(name: string): readonly string[]
  has(name: string): boolean
  /**
   * Replaces all lines of that name by one, at the place of the first.
   * @throws {RangeError} when name or value has octets that a field cannot have (CR, LF, NUL, above U+00FF, ...); so with
   *   `append`. Names are given in lower case.
   */
  set(name: string, value: string): void
  /** Adds a line at the end. */
  append(name: string, value: string): void
  /** Removes all lines of that name. */
  remove(name: string): void
  /**
   * All lines with their ends, as HTTP/1 has them.
   *
   * @param mayWrite - not asked about lines that HTTP/1 brought: their codec has left out what is its own
   * @throws {RangeError} when a line cannot be said in HTTP/1
   */
  format(mayWrite: (name: string) => boolean): string
}

/**
 * Fields of our own making.
 *
 * @param lines - pairs of lower-case name and value, in order
 * @throws {RangeError} as {@link Fields.set}
 *
 * @example createFields([['content-type', 'text/plain'], ['heddle-error', 'draining']])
 */
export function createFields(lines: readonly (readonly [string, string])[] = []): Fields {
  const fields = new FieldLines()
  for (const [name, value] of lines) fields.append(name, value)
  return fields
}
