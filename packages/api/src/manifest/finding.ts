/** The way to a field: names of fields and numbers of list entries. */
export type Path = readonly (string | number)[]

/** A problem before it is known where in a file it is. */
export interface Finding {
  readonly severity: 'error' | 'warning'
  readonly path: Path
  readonly reason: string
  readonly remedy?: string
}

/** Where something is in a file; lines and columns count from 1. */
export interface Position {
  readonly line: number
  readonly column: number
}

/** Something that refuses the file. */
export function errorAt(path: Path, reason: string, remedy?: string): Finding {
  return { severity: 'error', path, reason, ...(remedy !== undefined && { remedy }) }
}

/** Something that its author should know, and that refuses nothing. */
export function warningAt(path: Path, reason: string, remedy?: string): Finding {
  return { severity: 'warning', path, reason, ...(remedy !== undefined && { remedy }) }
}

/** Writes a path as people know it: `spec.ports[0].port`, `metadata.labels["app.kubernetes.io/name"]`. */
export function formatPath(path: Path): string {
  let written = ''
  for (const step of path.map(cut)) {
    if (typeof step === 'number') written += `[${step}]`
    else if (/^[A-Za-z_][A-Za-z0-9_-]*$/.test(step)) written += written === '' ? step : `.${step}`
    else written += `[${quoted(step)}]`
  }
  return written
}

function cut(step: string | number): string | number {
  return typeof step === 'number' || step.length <= SHOWN_CHARACTERS ? step : `${step.slice(0, SHOWN_CHARACTERS)}…`
}

const SHOWN_CHARACTERS = 60

/** A value for a sentence: as JSON, cut when long. */
export function quoted(value: unknown): string {
  if (Array.isArray(value)) return 'a list'
  if (typeof value === 'object' && value !== null) return 'a map'
  const json = JSON.stringify(value) ?? String(value)
  return json.length <= SHOWN_CHARACTERS ? json : `${json.slice(0, SHOWN_CHARACTERS)}…`
}
