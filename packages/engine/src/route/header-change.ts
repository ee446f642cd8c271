/** Changes of header fields, in the order set, add, remove. Names are lower case, each at most once. */
export interface HeaderChange {
  readonly set: readonly HeaderLine[]
  readonly add: readonly HeaderLine[]
  readonly remove: readonly string[]
}

export interface HeaderLine {
  readonly name: string
  readonly value: string
}
