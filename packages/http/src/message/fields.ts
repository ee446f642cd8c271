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
  /** Replaces all lines of that name by one. */
  set(name: string, value: string): void
  /** Adds a line at the end. */
  append(name: string, value: string): void
  /** Removes all lines of that name. */
  remove(name: string): void
}
