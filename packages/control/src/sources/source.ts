import type { MeshObject } from '@heddle/api/kinds'
import type { ObjectRef } from '@heddle/api/kinds/meta'
import type { Problem } from '@heddle/api/manifest/problem'
import type { Instance, InstanceRef } from '../model/instance.ts'
import type { ServiceAddresses } from '../model/service-addresses.ts'
import type { ObjectStore } from './object-store.ts'

/** What became different in a set of objects. Applied whole or not at all. */
export interface ObjectChange {
  /** New or different objects. */
  readonly upserted: readonly MeshObject[]
  readonly removed: readonly ObjectRef[]
  /** Of a source that knows the instances themselves, as a cluster does. */
  readonly instances?: InstancesChange
  /** Services whose own addresses are different now. */
  readonly addresses?: readonly ServiceAddresses[]
}

/** What became different among the instances that a source gives. */
export interface InstancesChange {
  readonly upserted: readonly Instance[]
  readonly removed: readonly InstanceRef[]
}

/** What a source says about its configuration. */
export interface SourceStatus {
  /**
   * Empty when all is well. While one is an error, the last good objects stay in force: of a directory all of them, of a cluster
   * those that the error is about.
   */
  readonly problems: readonly Problem[]
  /** Those of them that are about what cannot be read at present: nothing is wrong with it, and what was read last is in force. */
  readonly unread?: readonly Problem[]
  /** When the objects in force were taken over, in ms since the Unix epoch; 0: never. */
  readonly appliedMs: number
}

/** Hears a source. Called synchronously, in the order things happened, never after the signal is aborted. */
export interface SourceListener {
  /** Only for changes that are in force from now on. */
  onChange(change: ObjectChange): void
  /** Whenever problems came, went or changed, and after each `onChange`. */
  onStatus(status: SourceStatus): void
}

/** Where configuration comes from: a directory, or the API server of a cluster. */
export interface Source {
  /**
   * Begins to watch. Resolves once the first reading was reported to `listener`, good or bad; it does not reject for
   * bad configuration. Ends when `signal` is aborted.
   */
  start(listener: SourceListener, signal: AbortSignal): Promise<void>
  /** The objects in force. */
  objects(): readonly MeshObject[]
  /** Where an object in force is defined; `undefined` where that is not known. */
  fileOf(ref: ObjectRef): string | undefined
  status(): SourceStatus
  /** Why `start` has not resolved yet, as far as that is known: a sentence each, which anybody may read. */
  awaited?(): readonly string[]
  /** Of a cluster: `metadata.generation` of an object whose status is written; `undefined` where that is not known. */
  generationOf?(ref: ObjectRef): number | undefined
  /** An object that cannot be taken is refused alone, and not all together. */
  readonly refusesAlone?: true
  /** `undefined`: nothing can be said about changes before they come. */
  readonly store: ObjectStore | undefined
}
