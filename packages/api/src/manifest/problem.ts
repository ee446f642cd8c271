/** Something about a file that its author should know. An `error` refuses the whole set of files. */
export interface Problem {
  readonly severity: 'error' | 'warning'
  /** As it was given to the reader. */
  readonly file: string
  /** From 1; 0 when the problem is the file's as a whole. */
  readonly line: number
  readonly column: number
  /** For example `spec.ports[0].port`; empty when it is about no field. */
  readonly field: string
  /** One sentence without its field: `expected a whole number of at least 0, got "two"`. */
  readonly reason: string
  /** What to do about it. */
  readonly remedy?: string
}

/** `FILE:LINE:COLUMN: FIELD: REASON (REMEDY)`, as compilers write it, so that editors can jump there. */
export function formatProblem(problem: Problem): string {
  const { severity, file, line, column, field, reason, remedy } = problem
  const place = line === 0 ? file : `${file}:${line}:${column}`
  const kind = severity === 'warning' ? 'warning: ' : ''
  return `${place}: ${kind}${field === '' ? '' : `${field}: `}${reason}${remedy === undefined ? '' : ` (${remedy})`}`
}
