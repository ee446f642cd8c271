import type { MeshObject } from '@heddle/api/kinds'
import type { ObjectRef } from '@heddle/api/kinds/meta'
import type { Problem } from '@heddle/api/manifest/problem'
import type { FileWrite, ObjectEdit } from './object-edit.ts'

/** What the configuration would be with an edit. */
export interface PreparedEdit {
  /** Of all of it; with an error among them the edit must not be committed. */
  readonly problems: readonly Problem[]
  /** The objects that the edit gives. */
  readonly given: readonly MeshObject[]
  /** What else it gives: of kinds that the mesh does not act on. */
  readonly notActedOn: readonly ObjectRef[]
  /** All that there would be. */
  readonly objects: readonly MeshObject[]
  /** Where each object is written or removed, by `formatRef`. */
  readonly fileOf: ReadonlyMap<string, string>
  readonly writes: readonly FileWrite[]
  /** Of what was read; the edit is void when it is another by now. */
  readonly signature: string
}

/** The configuration changed between `prepare` and `commit`, or cannot be written. */
export class EditError extends Error {
  override readonly name = 'EditError'
  readonly isStale: boolean

  constructor(message: string, options: { readonly isStale: boolean; readonly cause?: unknown }) {
    super(message, { cause: options.cause })
    this.isStale = options.isStale
  }
}

/** Where objects can be written. */
export interface ObjectStore {
  /** It only prepares: what it has is changed where it comes from. */
  readonly isElsewhere?: true
  /** Changes nothing. Does not reject for bad configuration. */
  prepare(edit: ObjectEdit): Promise<PreparedEdit>
  /**
   * Writes all or nothing, and resolves once the source has taken it over.
   *
   * @throws {EditError}
   */
  commit(prepared: PreparedEdit): Promise<void>
}
