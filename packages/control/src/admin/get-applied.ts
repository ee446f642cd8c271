import { create } from '@bufbuild/protobuf'
import { Code, ConnectError } from '@connectrpc/connect'
import {
  type GetAppliedRequest,
  GetAppliedRequestSchema,
  type GetAppliedResponse,
  GetAppliedResponseSchema,
  type ObjectRef,
} from '@heddle/api/admin'
import type { GetAppliedRequest as ReplicaRequest } from '@heddle/api/replica'
import { compareTexts } from '@heddle/base/compare-texts'
import type { DiscoveryHub } from '../discovery/discovery-hub.ts'
import type { DiscoveryStream } from '../discovery/discovery-stream.ts'
import { instanceKey } from '../model/instance.ts'
import type { Model } from '../model/model.ts'
import type { Replicas } from '../replicas/replicas.ts'
import type { Source } from '../sources/source.ts'

export interface AppliedDeps {
  readonly model: Model
  readonly hub: DiscoveryHub
  readonly source: Pick<Source, 'generationOf'>
}

/**
 * Which of the proxies concerned have applied a revision of the configuration.
 *
 * @throws {ConnectError} failedPrecondition: there was no such revision since the control plane started
 */
function getApplied({ revision, objects }: GetAppliedRequest, deps: AppliedDeps): GetAppliedResponse {
  const newest = deps.model.revision
  if (revision > BigInt(newest)) {
    throw new ConnectError(
      `there is no revision ${revision}: the control plane has started anew since, and read everything at its start`,
      Code.FailedPrecondition,
    )
  }
  const wanted = revision === 0n ? newest : Number(revision)
  const streams = concerned(objects, deps)
  return answer(
    streams,
    streams.filter((stream) => stream.appliedRevision < wanted),
    newest,
  )
}

function answer(streams: readonly DiscoveryStream[], behind: DiscoveryStream[], revision: number): GetAppliedResponse {
  behind.sort((a, b) => compareTexts(instanceKey(a.node), instanceKey(b.node)))
  return create(GetAppliedResponseSchema, {
    revision: BigInt(revision),
    proxies: streams.length,
    applied: streams.length - behind.length,
    behind: behind.map(({ node: { namespace, workload, instance }, problems }) => {
      return { namespace, workload, instance, problems: [...problems] }
    }),
  })
}

/**
 * The same at the newest revision, for another replica: as long as it knows another generation of an object than is known here,
 * nobody can have applied it.
 */
export function getAppliedOf(
  { request = create(GetAppliedRequestSchema), generations }: ReplicaRequest,
  deps: AppliedDeps,
): GetAppliedResponse {
  const { objects } = request
  const isSame = objects.every((ref, index) => generationOf(ref, deps) === Number(generations[index] ?? 0n))
  if (isSame) return getApplied({ ...request, revision: 0n }, deps)
  const streams = concerned(objects, deps)
  return answer(streams, [...streams], deps.model.revision)
}

/** 0: there is no such object. */
function generationOf(ref: ObjectRef, { source }: AppliedDeps): number {
  return source.generationOf?.(ref) ?? 0
}

/** The same of the proxies of all replicas. */
export async function getAppliedEverywhere(
  request: GetAppliedRequest,
  { replicas, ...deps }: AppliedDeps & { readonly replicas: Replicas },
): Promise<GetAppliedResponse> {
  const all = getApplied(request, deps)
  const generations = request.objects.map((ref) => BigInt(generationOf(ref, deps)))
  const { answers } = await replicas.ask((client, signal) => client.getApplied({ request, generations }, { signal }))
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
