import { create } from '@bufbuild/protobuf'
import { Code, ConnectError } from '@connectrpc/connect'
import { type ApplyObjectsRequest, type ApplyObjectsResponse, ApplyObjectsResponseSchema } from '@heddle/api/admin'
import type { Log } from '@heddle/base/log'
import type { Model } from '../model/model.ts'
import { EditError, type ObjectStore, type PreparedEdit } from '../sources/object-store.ts'
import { hasError } from '../sources/prepare-edit.ts'
import type { Source } from '../sources/source.ts'
import { objectChanges } from './plan-objects.ts'
import { toProblems } from './problem-message.ts'

export interface ApplyDeps {
  readonly model: Model
  readonly source: Source
  readonly log: Log
}

/** @throws {ConnectError} failedPrecondition: this source knows only what is in force */
export function requireStore({ store }: Source): ObjectStore {
  if (store !== undefined) return store
  throw new ConnectError('objects cannot be written here: change them where they come from', Code.FailedPrecondition)
}

/**
 * Writes objects to the source of truth, all or none; resolves when they are in force.
 *
 * @throws {ConnectError} aborted: somebody else changed the configuration meanwhile; failedPrecondition: it cannot be written, or is elsewhere
 */
export async function applyObjects(request: ApplyObjectsRequest, deps: ApplyDeps): Promise<ApplyObjectsResponse> {
  const { files, remove, dryRun } = request
  const store = requireStore(deps.source)
  if (store.isElsewhere === true && !dryRun) {
    throw new ConnectError('objects are not written here: change them where they come from', Code.FailedPrecondition)
  }
  const prepared = await store.prepare({ files, remove })
  const problems = toProblems(prepared.problems)
  if (hasError(prepared.problems)) return create(ApplyObjectsResponseSchema, { problems })
  const changes = objectChanges(prepared, remove, deps.model)
  if (dryRun) return create(ApplyObjectsResponseSchema, { problems, changes })
  if (prepared.writes.length > 0) await commit(store, prepared)
  deps.log.info('objects applied', { files: prepared.writes.map(({ path }) => path) })
  const faults = deps.source.status().problems
  if (hasError(faults)) return create(ApplyObjectsResponseSchema, { problems: toProblems(faults), changes })
  return create(ApplyObjectsResponseSchema, { problems, changes, revision: BigInt(deps.model.revision) })
}

async function commit(store: ObjectStore, prepared: PreparedEdit): Promise<void> {
  try {
    await store.commit(prepared)
  } catch (error) {
    if (!(error instanceof EditError)) throw error
    throw new ConnectError(error.message, error.isStale ? Code.Aborted : Code.FailedPrecondition)
  }
}
