/**
 * The one of `known` that `text` was probably meant to be.
 *
 * @returns `undefined` when none is near
 */
export function nearest(text: string, known: Iterable<string>): string | undefined {
  const most = Math.max(1, Math.floor(text.length / 3))
  const wanted = text.toLowerCase()
  let best: { readonly name: string; readonly edits: number } | undefined
  for (const name of known) {
    if (Math.abs(name.length - text.length) > most) continue
    const edits = countEdits(wanted, name.toLowerCase(), most)
    if (edits <= most && (best === undefined || edits < best.edits)) best = { name, edits }
  }
  return best?.name
}

const LISTED_NAMES = 5

/** The remedy for a name that is not there: the one that was probably meant, else those that are there, when they are few. */
export function meantName(name: string, there: readonly string[]): string | undefined {
  const meant = nearest(name, there)
  if (meant !== undefined) return `did you mean ${meant}?`
  if (there.length === 0 || there.length > LISTED_NAMES) return undefined
  return `there is ${there.toSorted().join(', ')}`
}

/**
 * Insertions, deletions, replacements and swaps of neighbours that make `to` of `from` (optimal string alignment); some number above
 * `most` where there are more.
 */
function countEdits(from: string, to: string, most: number): number {
  let beforeLast: number[] = []
  let last = Array.from({ length: to.length + 1 }, (_, i) => i)
  for (let i = 1; i <= from.length; i++) {
    const row = [i]
    for (let j = 1; j <= to.length; j++) {
      const same = from[i - 1] === to[j - 1]
      let edits = Math.min(last[j]! + 1, row[j - 1]! + 1, last[j - 1]! + (same ? 0 : 1))
      const isSwap = i > 1 && j > 1 && from[i - 1] === to[j - 2] && from[i - 2] === to[j - 1]
      if (isSwap) edits = Math.min(edits, beforeLast[j - 2]! + 1)
      row.push(edits)
    }
    // A swap looks two rows back, so one row above the limit is not yet the end.
    if (Math.min(...row) > most && Math.min(...last) > most) return most + 1
    beforeLast = last
    last = row
  }
  return last[to.length]!
}
