import type { FieldFacts } from './request-facts.ts'

/**
 * The value of the first cookie of that name; `undefined`: there is none. RFC 6265 §4.2.1. HTTP/2 may spread cookies over several
 * fields: RFC 9113 §8.2.3.
 */
export function readCookie(fields: FieldFacts, name: string): string | undefined {
  for (const line of fields.getAll('cookie')) {
    for (const pair of line.split(';')) {
      const equals = pair.indexOf('=')
      if (equals !== -1 && pair.slice(0, equals).trim() === name) return pair.slice(equals + 1).trim()
    }
  }
  return undefined
}
