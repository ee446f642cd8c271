/*
 * What proxies say of themselves is kept for as long as their streams, logged, and shown to people, who read no more than this.
 * Whole, the longest message, of 1 MiB from each of a thousand streams, would be a gigabyte.
 */
const MAX_CHARACTERS = 1_000
const MAX_PROBLEMS = 16

/** The beginning of a text, where it is long. */
export function briefText(text: string): string {
  if (text.length <= MAX_CHARACTERS) return text
  // By octets, since a slice of a string would keep all of it in memory.
  return Buffer.from(`${text.slice(0, MAX_CHARACTERS)}…`).toString()
}

/** The first of many problems, each of them brief, and how many more there are. */
export function briefProblems(problems: readonly string[]): readonly string[] {
  const more = problems.length - MAX_PROBLEMS
  const first = problems.slice(0, MAX_PROBLEMS).map(briefText)
  return more > 0 ? [...first, `and ${more} more`] : first
}
