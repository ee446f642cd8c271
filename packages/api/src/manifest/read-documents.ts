import { type Alias, type Document, LineCounter, type Node } from 'yaml'
import { type Finding, formatPath, type Path, type Position, quoted } from './finding.ts'
import type { Problem } from './problem.ts'
import { findPlace, readNode } from './read-node.ts'
import { readYaml } from './read-yaml.ts'

/** After the first mistake a parser guesses; what it guessed thousands of times helps nobody. */
const MAX_MISTAKES = 5
/** What the parser's running out of stack means to a person. */
const TOO_DEEP = 'is nested too deeply'

/** One document of a file, or one item of a List in it. */
export interface RawObject {
  readonly value: unknown
  readonly file: string
  /** Makes a problem of a finding about this object: with file, line and column. */
  problem(finding: Finding): Problem
  position(path: Path): Position
}

/** What a file has, and why parts of it could not be read. */
export interface RawObjects {
  readonly objects: readonly RawObject[]
  readonly problems: readonly Problem[]
}

/**
 * Reads the documents of a YAML 1.2 file; JSON is YAML. Documents with an error are left out of `objects`. Never
 * throws.
 */
export function readDocuments(file: string, text: string): RawObjects {
  const lines = new LineCounter()
  try {
    const reading = readYaml(text, lines)
    if (reading.kind === 'refused') {
      const place = reading.offset === undefined ? { line: 0, column: 0 } : positionAt(lines, reading.offset)
      return { objects: [], problems: [{ severity: 'error', file, ...place, field: '', reason: reading.reason }] }
    }
    const readings = reading.documents.map((document) => readDocument(file, document, lines))
    return { objects: readings.flatMap((one) => one.objects), problems: readings.flatMap((one) => one.problems) }
  } catch (error) {
    return { objects: [], problems: [unreadable(file, error)] }
  }
}

function readDocument(file: string, document: Document.Parsed, lines: LineCounter): RawObjects {
  const mistakes = [...document.errors, ...document.warnings].slice(0, MAX_MISTAKES)
  if (mistakes.length > 0) {
    const problems = mistakes.map((mistake): Problem => {
      return {
        severity: 'error',
        file,
        ...positionAt(lines, mistake.pos[0]),
        field: '',
        reason: plainReason(mistake.message),
      }
    })
    return { objects: [], problems }
  }
  try {
    const { value, findings, targets } = readNode(document)
    const origin = { file, document, lines, targets }
    const whole = rawObject(value, [], origin)
    const problems = findings.map((finding) => whole.problem(finding))
    if (value === undefined || findings.some((finding) => finding.severity === 'error'))
      return { objects: [], problems }
    return { objects: itemsOf(whole, origin), problems }
  } catch (error) {
    return { objects: [], problems: [unreadable(file, error)] }
  }
}

interface Origin {
  readonly file: string
  readonly document: Document.Parsed
  readonly lines: LineCounter
  readonly targets: ReadonlyMap<Alias, Node | undefined>
}

function rawObject(value: unknown, prefix: Path, origin: Origin): RawObject {
  const position = (path: Path): Position => {
    const { key, value: node } = findPlace(origin, [...prefix, ...path])
    return positionAt(origin.lines, (key ?? node)?.range?.[0] ?? 0)
  }
  return {
    value,
    file: origin.file,
    position,
    problem({ severity, path, reason, remedy }) {
      const field = formatPath([...prefix, ...path])
      return { severity, file: origin.file, ...position(path), field, reason, ...(remedy !== undefined && { remedy }) }
    },
  }
}

/** A `v1` List stands for its items. */
function itemsOf(whole: RawObject, origin: Origin): readonly RawObject[] {
  const { apiVersion, kind, items } = (whole.value ?? {}) as Record<string, unknown>
  if (apiVersion !== 'v1' || kind !== 'List' || !Array.isArray(items)) return [whole]
  return items.map((item, i) => rawObject(item, ['items', i], origin))
}

function positionAt(lines: LineCounter, offset: number): Position {
  const { line, col } = lines.linePos(offset)
  return { line, column: col }
}

/** The library's sentences begin with a capital and may name its options, neither of which helps here. */
function plainReason(message: string): string {
  const [first = ''] = message.split('\n')
  if (/stack/i.test(first)) return TOO_DEEP
  return first.charAt(0).toLowerCase() + first.slice(1)
}

function unreadable(file: string, error: unknown): Problem {
  const reason = error instanceof RangeError ? TOO_DEEP : `cannot be read as YAML: ${quoted(String(error))}`
  return { severity: 'error', file, line: 0, column: 0, field: '', reason }
}
