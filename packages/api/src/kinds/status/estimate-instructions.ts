const REPETITION = /\{(\d{1,4})(?:,(\d{0,4}))?\}/y
const GROUP = /\((?:\?(?:P?<[^>]*>|[a-zA-Z-]*:?))?/y
const ESCAPE = /\\(?:[xpP]\{[^}]*\}|Q(?:(?!\\E)[\s\S])*(?:\\E)?|[\s\S])/y
/** A bracket that comes first stands for itself. */
const CLASS = /\[\^?\]?(?:\\[\s\S]|\[:\^?[a-z]+:\]|[^\]])*\]?/y
/** A group that is captured notes where it begins and where it ends. */
const OF_GROUP = 2

/**
 * About how many instructions a regular expression of RE2 compiles to, told from its text alone: within a factor of two or so, and
 * right about what makes it large, repetitions within repetitions. Linear in its length, whatever it is.
 */
export function estimateInstructions(pattern: string): number {
  const outer: number[] = []
  let sum = 0
  let last = 0
  const atom = (size: number) => {
    last = size
    sum += size
  }
  for (let at = 0; at < pattern.length; ) {
    const mark = pattern[at]
    let taken = 1
    if (mark === '\\' || mark === '[') {
      taken = lengthOf(mark === '[' ? CLASS : ESCAPE, pattern, at)
      atom(pattern.startsWith('\\Q', at) ? taken : 1)
    } else if (mark === '(') {
      taken = lengthOf(GROUP, pattern, at)
      outer.push(sum)
      sum = 0
    } else if (mark === ')') {
      const inner = sum + OF_GROUP
      sum = outer.pop() ?? 0
      atom(inner)
    } else if (mark === '{') {
      const times = timesAt(pattern, at)
      taken = lengthOf(REPETITION, pattern, at)
      if (times === undefined) atom(1)
      else {
        sum += last * (times - 1)
        last *= times
      }
    } else if (mark === '*' || mark === '+' || mark === '?' || mark === '|') sum += 1
    else atom(1)
    at += taken
  }
  return outer.reduce((total, size) => total + size, sum)
}

function timesAt(pattern: string, at: number): number | undefined {
  REPETITION.lastIndex = at
  const [, least, most = ''] = REPETITION.exec(pattern) ?? []
  return least === undefined ? undefined : Math.max(Number(least), Number(most))
}

/** At least 1: what a mark does not begin is the mark itself. */
function lengthOf(part: RegExp, pattern: string, at: number): number {
  part.lastIndex = at
  return part.exec(pattern)?.[0].length ?? 1
}
