const MOST_LINES = 5

/**
 * The last lines of a log for a person: of JSON lines the warnings and errors as sentences, of others all.
 *
 * @returns at most 5 lines, none when there is nothing worth showing
 */
export function readableLines(lines: readonly string[]): readonly string[] {
  return lines.flatMap(readLine).slice(-MOST_LINES)
}

function readLine(line: string): readonly string[] {
  if (line.trim() === '') return []
  const entry = parseEntry(line)
  if (entry === undefined) return [line]
  const { level, msg, error } = entry
  if (level !== 'error' && level !== 'warn') return []
  const reason = reasonOf(error)
  return [reason === '' ? String(msg) : `${String(msg)}: ${reason}`]
}

interface LogEntry {
  readonly level?: unknown
  readonly msg: unknown
  readonly error?: unknown
}

function parseEntry(line: string): LogEntry | undefined {
  if (!line.startsWith('{')) return undefined
  try {
    const value: unknown = JSON.parse(line)
    return typeof value === 'object' && value !== null && 'msg' in value ? value : undefined
  } catch {
    return undefined
  }
}

/** An error is logged as an object with a message, or as its message and stack. */
function reasonOf(error: unknown): string {
  const text = typeof error === 'object' && error !== null && 'message' in error ? error.message : error
  return typeof text === 'string' ? (text.split('\n')[0] ?? '') : ''
}
