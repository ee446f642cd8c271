import type { FieldFacts } from '../route/request-facts.ts'

/** What the key of a request is read from. */
export interface HashFacts {
  readonly fields: FieldFacts
  /** With its query. */
  readonly path: string
  /** The client's address, or its identity where that is not known. */
  readonly source: string
}
