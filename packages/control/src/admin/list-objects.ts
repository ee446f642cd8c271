import { create } from '@bufbuild/protobuf'
import { Code, ConnectError } from '@connectrpc/connect'
import { type ConfigObject, ConfigObjectSchema, type ListObjectsRequest, type ObjectRef } from '@heddle/api/admin'
import { formatRef, type MeshObject, refOf } from '@heddle/api/kinds'
import { compareTexts } from '@heddle/base/compare-texts'
import { countHoldersElsewhere, type HolderCounts } from '../replicas/holders.ts'
import type { Replicas } from '../replicas/replicas.ts'
import { readDocumentText } from '../sources/read-document-text.ts'
import type { Source } from '../sources/source.ts'
import { objectConditions } from '../status/object-conditions.ts'
import { toManifestWithStatus } from '../status/object-manifest.ts'
import { type ConditionSources, shownConditions } from '../status/shown-conditions.ts'

export interface ObjectDeps extends ConditionSources {
  readonly source: Source
}

/** What conditions depend on, over all replicas. */
export async function everywhere<T extends ConditionSources>(
  deps: T & { readonly replicas: Replicas },
): Promise<T & { readonly elsewhere: HolderCounts }> {
  return { ...deps, elsewhere: await countHoldersElsewhere(deps.replicas) }
}

/** The objects in force, by kind, namespace and name; empty parts of the request: all. */
export function listObjects(request: ListObjectsRequest, deps: ObjectDeps): ConfigObject[] {
  const { kind, namespace, name, faultyOnly } = request
  const wanted = deps.model.objects().filter((object) => {
    const { metadata } = object
    const isNamed = (name === '' || metadata.name === name) && (namespace === '' || metadata.namespace === namespace)
    if (!isNamed || (kind !== '' && object.kind !== kind)) return false
    return !faultyOnly || isFaulty(object, deps)
  })
  const sorted = wanted.toSorted((a, b) => compareTexts(formatRef(refOf(a)), formatRef(refOf(b))))
  return sorted.map((object) => configObject(object, deps))
}

/** @throws {ConnectError} notFound, invalidArgument */
export async function getObject(ref: ObjectRef | undefined, deps: ObjectDeps): Promise<ConfigObject> {
  if (ref === undefined || ref.kind === '' || ref.name === '') {
    throw new ConnectError('ref: kind and name must be set', Code.InvalidArgument)
  }
  const object = deps.model.object(ref.kind as MeshObject['kind'], ref.namespace, ref.name)
  if (object !== undefined) {
    const found = configObject(object, deps)
    found.text = await readDocumentText(found.file, refOf(object))
    return found
  }
  throw new ConnectError(`there is no ${ref.kind} ${ref.namespace}/${ref.name}`, Code.NotFound)
}

/** That proxies are still being told is no fault. */
function isFaulty(object: MeshObject, { model, nowMs }: ObjectDeps): boolean {
  return objectConditions(object, { lookup: model.lookup, nowMs }).some(({ status }) => status === 'False')
}

function configObject(object: MeshObject, deps: ObjectDeps): ConfigObject {
  const ref = refOf(object)
  const conditions = shownConditions(object, deps)
  return create(ConfigObjectSchema, {
    ref,
    manifest: toManifestWithStatus(object, conditions),
    file: deps.source.fileOf(ref) ?? '',
    generation: BigInt(deps.source.generationOf?.(ref) ?? 0),
    conditions: conditions.map(({ index: _, ...condition }) => condition),
  })
}
