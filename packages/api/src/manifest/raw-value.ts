import { formatPath } from './finding.ts'
import type { RawObject } from './read-documents.ts'

/** A value that no text stands behind, such as a cluster's: what is said about it has no line. @param origin - its name, for problems */
export function rawValue(value: unknown, origin: string): RawObject {
  return {
    value,
    file: origin,
    position: () => ({ line: 0, column: 0 }),
    problem({ severity, path, reason, remedy }) {
      const place = { file: origin, line: 0, column: 0, field: formatPath(path) }
      return { severity, ...place, reason, ...(remedy !== undefined && { remedy }) }
    },
  }
}
