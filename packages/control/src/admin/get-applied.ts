import { create } from '@bufbuild/protobuf'
import { Code, ConnectError } from '@connectrpc/connect'
import {
  type GetAppliedRequest,
  type GetAppliedResponse,
  GetAppliedResponseSchema,
  type ObjectRef,
} from '@heddle/api/admin'
import type { DiscoveryHub } from '../discovery/discovery-hub.ts'
import type { DiscoveryStream } from '../discovery/discovery-stream.ts'
import { instanceKey } from '../model/instance.ts'
import type { Model } from '../model/model.ts'
import type { Replicas } from '../replicas/replicas.ts'

export interface AppliedDeps {
  readonly model: Model
  readonly hub: DiscoveryHub
}

/**
 * Which of the proxies concerned have applied a revision of the configuration.
 *
 * @throws {ConnectError} failedPrecondition: there was no such revision since the control plane started
 */
export function getApplied({ revision, objects }: GetAppliedRequest, deps: AppliedDeps): GetAppliedResponse {
  const newest = deps.model.revision
  if (revision > BigInt(newest)) {
    throw new ConnectError(
      `there is no revision ${revision}: the control plane has started anew since, and read everything at its start`,
      Code.FailedPrecondition,
    )
  }
  const wanted = revision === 0n ? newest : Number(revision)
  const streams = concerned(objects, deps)
  const behind = streams.filter((stream) => stream.appliedRevision < wanted)
  behind.sort((a, b) => (instanceKey(a.node) < instanceKey(b.node) ? -1 : 1))
  return create(GetAppliedResponseSchema, {
    revision: BigInt(newest),
    proxies: streams.length,
    applied: streams.length - behind.length,
    behind: behind.map(({ node: { namespace, workload, instance }, problems }) => {
      return { namespace, workload, instance, problems: [...problems] }
    }),
  })
}

/** The same of the proxies of all replicas; those of others are asked for the newest that their replica knows. */
export async function getAppliedEverywhere(
  request: GetAppliedRequest,
  { replicas, ...deps }: AppliedDeps & { readonly replicas: Replicas },
): Promise<GetAppliedResponse> {
  const all = getApplied(request, deps)
  const { answers } = await replicas.ask((client, signal) => client.getApplied({ request }, { signal }))
  for (const { response } of answers) {
    if (response === undefined) continue
    all.proxies += response.proxies
    all.applied += response.applied
    all.behind.push(...response.behind)
  }
  return all
}

/** All proxies where no objects are named, or one that is gone: nobody can tell any more whom it concerned. */
function concerned(objects: readonly ObjectRef[], { model, hub }: AppliedDeps): DiscoveryStream[] {
  const topics = objects.map((ref) => model.topicsOf(ref))
  const known = topics.filter((one) => one !== undefined)
  if (objects.length === 0 || known.length < topics.length) return [...hub.streams()]
  return hub.streamsOf(new Set(known.flatMap((one) => [...one])))
}
