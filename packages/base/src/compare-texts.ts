/** Order by code units, so that every machine has the same one; as `Array.sort` wants it: below, above, or 0. */
export function compareTexts(a: string, b: string): number {
  if (a === b) return 0
  return a < b ? -1 : 1
}
