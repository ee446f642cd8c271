/** A line of a comparison: in both, only before, or only after. */
interface DiffLine {
  readonly mark: ' ' | '-' | '+'
  readonly text: string
}

/** What a diff is of. */
export interface DiffNames {
  readonly before: string
  readonly after: string
}

const CONTEXT_LINES = 3
/** Beyond so many differences the search would take long, and nobody reads the shortest way any more: all is replaced. */
const MAX_EDITS = 1_000

/** How `after` differs from `before`, in the unified format of `diff -u`; empty where it does not. */
export function formatUnifiedDiff(before: string, after: string, names: DiffNames): string {
  if (before === after) return ''
  const lines = compareLines(toLines(before), toLines(after))
  const hunks = findHunks(lines)
  return [`--- ${names.before}`, `+++ ${names.after}`, ...hunks.flatMap((hunk) => formatHunk(lines, hunk)), ''].join(
    '\n',
  )
}

function toLines(text: string): readonly string[] {
  if (text === '') return []
  return (text.endsWith('\n') ? text.slice(0, -1) : text).split('\n')
}

function compareLines(before: readonly string[], after: readonly string[]): readonly DiffLine[] {
  let start = 0
  while (start < before.length && start < after.length && before[start] === after[start]) start += 1
  let end = 0
  const most = Math.min(before.length, after.length) - start
  while (end < most && before.at(-1 - end) === after.at(-1 - end)) end += 1
  const both = (lines: readonly string[]) => lines.map((text): DiffLine => ({ mark: ' ', text }))
  return [
    ...both(before.slice(0, start)),
    ...compareMiddle(before.slice(start, before.length - end), after.slice(start, after.length - end)),
    ...both(before.slice(before.length - end)),
  ]
}

/** E. W. Myers, An O(ND) Difference Algorithm and Its Variations (1986): the greedy way forward, then back along its traces. */
function compareMiddle(before: readonly string[], after: readonly string[]): readonly DiffLine[] {
  const traces: Map<number, number>[] = []
  let furthest = new Map([[1, 0]])
  for (let edits = 0; edits <= Math.min(MAX_EDITS, before.length + after.length); edits++) {
    traces.push(furthest)
    furthest = new Map(furthest)
    for (let diagonal = -edits; diagonal <= edits; diagonal += 2) {
      let x = startOf(furthest, diagonal, edits)
      let y = x - diagonal
      while (x < before.length && y < after.length && before[x] === after[y]) {
        x += 1
        y += 1
      }
      furthest.set(diagonal, x)
      if (x >= before.length && y >= after.length) return walkBack(traces, before, after)
    }
  }
  return [
    ...before.map((text): DiffLine => ({ mark: '-', text })),
    ...after.map((text): DiffLine => ({ mark: '+', text })),
  ]
}

function startOf(furthest: ReadonlyMap<number, number>, diagonal: number, edits: number): number {
  const left = furthest.get(diagonal - 1) ?? -1
  const above = furthest.get(diagonal + 1) ?? -1
  return diagonal === -edits || (diagonal !== edits && left < above) ? above : left + 1
}

function walkBack(
  traces: readonly ReadonlyMap<number, number>[],
  before: readonly string[],
  after: readonly string[],
): readonly DiffLine[] {
  const lines: DiffLine[] = []
  let x = before.length
  let y = after.length
  for (let edits = traces.length - 1; edits >= 0; edits--) {
    const furthest = traces[edits]!
    const diagonal = x - y
    const left = furthest.get(diagonal - 1) ?? -1
    const above = furthest.get(diagonal + 1) ?? -1
    const isInsertion = diagonal === -edits || (diagonal !== edits && left < above)
    const fromX = isInsertion ? above : left
    const fromY = fromX - (isInsertion ? diagonal + 1 : diagonal - 1)
    while (x > Math.max(fromX, 0) && y > Math.max(fromY, 0)) {
      x -= 1
      y -= 1
      lines.push({ mark: ' ', text: before[x]! })
    }
    if (edits === 0) break
    lines.push(isInsertion ? { mark: '+', text: after[fromY]! } : { mark: '-', text: before[fromX]! })
    x = fromX
    y = fromY
  }
  return lines.reverse()
}

/** Places within the lines: `end` is not part of it. */
interface Hunk {
  readonly start: number
  readonly end: number
}

function findHunks(lines: readonly DiffLine[]): readonly Hunk[] {
  const hunks: Hunk[] = []
  lines.forEach(({ mark }, at) => {
    if (mark === ' ') return
    const last = hunks.at(-1)
    const start = Math.max(0, at - CONTEXT_LINES)
    const end = Math.min(lines.length, at + CONTEXT_LINES + 1)
    if (last !== undefined && start <= last.end) hunks[hunks.length - 1] = { start: last.start, end }
    else hunks.push({ start, end })
  })
  return hunks
}

function formatHunk(lines: readonly DiffLine[], { start, end }: Hunk): readonly string[] {
  const count = (from: number, to: number, mark: '-' | '+') =>
    lines.slice(from, to).filter((line) => line.mark === ' ' || line.mark === mark).length
  const range = (mark: '-' | '+') => {
    const length = count(start, end, mark)
    return `${count(0, start, mark) + (length === 0 ? 0 : 1)},${length}`
  }
  return [`@@ -${range('-')} +${range('+')} @@`, ...lines.slice(start, end).map(({ mark, text }) => `${mark}${text}`)]
}
