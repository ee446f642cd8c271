import { isDeepStrictEqual } from 'node:util'
import { create } from '@bufbuild/protobuf'
import { ChangeType, type ObjectChange, ObjectChangeSchema, type Problem, ProblemSchema } from '@heddle/api/admin'
import type { ObjectRef } from '@heddle/api/kinds/meta'
import type { ManifestFile } from '@heddle/api/manifest'
import type { Problem as FileProblem } from '@heddle/api/manifest/problem'
import type { KubeObject, ObjectName } from '@heddle/kube/client'
import { CliError } from '../../../cli-error.ts'
import type { Cluster } from '../../../client/cluster.ts'
import type { ControlClient } from '../../../client/control-client.ts'
import { explainKube, isKubeStatus } from '../../../client/explain-kube.ts'
import type { CliDeps } from '../../../command.ts'
import { formatObject } from '../object-argument.ts'
import type { Follower, ObjectTarget, Removal, WriteOptions, Written } from '../object-target.ts'
import { KindDiscovery, resourceOfKind } from './kind-discovery.ts'
import { toPlainObject } from './plain-object.ts'
import { type Draft, readDrafts } from './read-drafts.ts'
import { readRefusal } from './refusal.ts'
import { waitSeen } from './wait-seen.ts'

/** Owner of the fields that `heddle apply` sets. */
const FIELD_MANAGER = 'heddle'

type Deps = Pick<CliDeps, 'clock' | 'connect'>

/** A cluster, in which objects are written with the user's own rights: webhooks and RBAC judge. */
export class ClusterTarget implements ObjectTarget {
  readonly #cluster: Cluster
  readonly #deps: Deps
  readonly #kinds: KindDiscovery
  /** What was written last: `undefined` stands for what is gone. */
  readonly #written = new Map<ObjectRef, KubeObject | undefined>()
  #client: ControlClient | undefined

  constructor(cluster: Cluster, deps: Deps) {
    this.#cluster = cluster
    this.#deps = deps
    this.#kinds = new KindDiscovery(cluster.kube)
  }

  /** Asks for everything first, and writes only when nothing is refused. */
  async apply(files: readonly ManifestFile[], { dryRun }: WriteOptions): Promise<Written> {
    const { drafts, problems } = await this.#read(files)
    if (hasError(problems)) return refused(problems)
    const tried = await Promise.all(drafts.map((draft) => this.#try(draft, drafts)))
    const refusals = tried.flatMap((one) => ('refused' in one ? one.refused : []))
    if (refusals.length > 0) return refused([...problems, ...refusals])
    if (!dryRun) await this.#write(drafts)
    return written(
      problems,
      tried.flatMap((one) => ('change' in one ? [one.change] : [])),
    )
  }

  async remove({ refs, files }: Removal, { dryRun }: WriteOptions): Promise<Written> {
    const { drafts, problems } = await this.#read(files)
    if (hasError(problems)) return refused(problems)
    const names = new Map([
      ...refs.map((ref) => [formatObject(ref), { ref, name: toName(ref) }] as const),
      ...drafts.map(({ ref, resource }) => [formatObject(ref), { ref, name: nameIn(resource, ref) }] as const),
    ])
    const found = await Promise.all(
      [...names.values()].map(async (one) => ({ ...one, before: await this.#get(one.name) })),
    )
    const missing = found.filter(({ before }) => before === undefined)
    if (missing.length > 0) {
      const nowhere = { severity: 'error', file: '', line: 0, column: 0, field: '' } as const
      return refused(missing.map(({ ref }) => ({ ...nowhere, reason: `there is no ${formatObject(ref)}` })))
    }
    for (const { ref, name } of dryRun ? [] : found) {
      await this.#call(`delete ${formatObject(ref)}`, () => this.#cluster.kube.delete(name))
      this.#written.set(ref, undefined)
    }
    return written(
      problems,
      found.map(({ ref, before }) => toChange(ref, before, undefined)),
    )
  }

  async follow(): Promise<Follower> {
    this.#client ??= await this.#deps.connect()
    const client = this.#client
    return { client, revision: await waitSeen(client, this.#written, this.#deps.clock) }
  }

  close(): void {
    this.#client?.close()
  }

  #read(files: readonly ManifestFile[]) {
    const { namespace } = this.#cluster
    return this.#call('look up the kinds', () => readDrafts(files, { kinds: this.#kinds, namespace }))
  }

  async #try(draft: Draft, all: readonly Draft[]): Promise<Tried> {
    const { object, resource, ref } = draft
    const before = await this.#get(nameIn(resource, ref))
    try {
      const after = await this.#cluster.kube.apply(resource, object, {
        fieldManager: FIELD_MANAGER,
        force: true,
        dryRun: true,
      })
      return { change: toChange(ref, before, after) }
    } catch (error) {
      // Nothing can be tried in a namespace that is only about to be made.
      if (
        isKubeStatus(error, 404) &&
        all.some((one) => one.ref.kind === 'Namespace' && one.ref.name === ref.namespace)
      ) {
        return { change: toChange(ref, undefined, object) }
      }
      const problems = readRefusal(error, draft)
      if (problems !== undefined) return { refused: problems }
      throw explainKube(error, `apply ${formatObject(ref)}`, this.#cluster)
    }
  }

  /** @throws {CliError} naming what was written before, when one is refused all the same */
  async #write(drafts: readonly Draft[]): Promise<void> {
    const ordered = drafts.toSorted((a, b) => Number(b.ref.kind === 'Namespace') - Number(a.ref.kind === 'Namespace'))
    for (const { object, resource, ref } of ordered) {
      try {
        const options = { fieldManager: FIELD_MANAGER, force: true }
        this.#written.set(ref, await this.#cluster.kube.apply(resource, object, options))
      } catch (error) {
        const { message, hints } = explainKube(error, `apply ${formatObject(ref)}`, this.#cluster)
        const done = [...this.#written.keys()].map(formatObject).join(', ')
        throw new CliError(message, { hints: [...hints, ...(done === '' ? [] : [`written before it: ${done}`])] })
      }
    }
  }

  #get(name: ObjectName): Promise<KubeObject | undefined> {
    const deed = `read ${name.resource.kind} ${name.namespace === undefined ? '' : `${name.namespace}/`}${name.name}`
    return this.#call(deed, () => this.#cluster.kube.get(name))
  }

  #call<T>(deed: string, call: () => Promise<T>): Promise<T> {
    return call().catch((error: unknown) => {
      throw explainKube(error, deed, this.#cluster)
    })
  }
}

type Tried = { readonly change: ObjectChange } | { readonly refused: readonly FileProblem[] }

function hasError(problems: readonly FileProblem[]): boolean {
  return problems.some(({ severity }) => severity === 'error')
}

function refused(problems: readonly FileProblem[]): Written {
  return written(problems, [])
}

function written(problems: readonly FileProblem[], changes: readonly ObjectChange[]): Written {
  return { problems: problems.map((one): Problem => create(ProblemSchema, one)), changes, revision: 0n }
}

function toName(ref: ObjectRef): ObjectName {
  const resource = resourceOfKind(ref.kind)
  if (resource === undefined) throw new CliError(`${ref.kind}: on a cluster "kubectl delete" removes it`)
  return nameIn(resource, ref)
}

function nameIn(resource: ObjectName['resource'], { namespace, name }: ObjectRef): ObjectName {
  return { resource, name, ...(resource.namespaced && { namespace }) }
}

function toChange(ref: ObjectRef, old: KubeObject | undefined, now: KubeObject | undefined): ObjectChange {
  const before = old && toPlainObject(old)
  const after = now && toPlainObject(now)
  const type = typeOf(before, after)
  return create(ObjectChangeSchema, { ref, type, ...(before && { before }), ...(after && { after }) })
}

function typeOf(before: unknown, after: unknown): ChangeType {
  if (after === undefined) return ChangeType.REMOVED
  if (before === undefined) return ChangeType.ADDED
  return isDeepStrictEqual(before, after) ? ChangeType.UNCHANGED : ChangeType.CHANGED
}
