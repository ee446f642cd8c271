import type { JsonObject } from '@bufbuild/protobuf'
import type { ObjectRef } from '@heddle/api/kinds/meta'
import type { Clock } from '@heddle/base/clock'
import type { KubeObject } from '@heddle/kube/client'
import { parse } from 'yaml'
import { CliError } from '../../cli-error.ts'
import type { Cluster } from '../../client/cluster.ts'
import type { ControlClient } from '../../client/control-client.ts'
import { explainKube, isKubeStatus } from '../../client/explain-kube.ts'
import { resourceOfKind } from '../objects/cluster/kind-discovery.ts'
import { waitSeen } from '../objects/cluster/wait-seen.ts'
import { formatObject } from '../objects/object-argument.ts'
import { ROLLOUT_ANNOTATION } from './rollout-state.ts'
import type { RouteStore } from './route-weights.ts'
import type { RouteSource } from './weighted-route.ts'

interface Deps {
  readonly client: ControlClient
  readonly clock: Clock
}

/** Routes of a cluster, which are patched with the user's own rights. */
export class ClusterRouteStore implements RouteStore {
  readonly #cluster: Cluster
  readonly #deps: Deps

  constructor(cluster: Cluster, deps: Deps) {
    this.#cluster = cluster
    this.#deps = deps
  }

  async read(ref: ObjectRef): Promise<RouteSource> {
    const found = await this.#call(`read ${formatObject(ref)}`, () => this.#cluster.kube.get(nameOf(ref)))
    if (found === undefined) throw new CliError(`there is no ${formatObject(ref)}`)
    return { manifest: found as unknown as JsonObject, text: '' }
  }

  /** Refused when the route's specification is another by now; a status that was written meanwhile does not matter. */
  async write(ref: ObjectRef, { manifest }: RouteSource, text: string): Promise<bigint> {
    const patch = toPatch(manifest as unknown as KubeObject, parse(text) as KubeObject)
    const { kube } = this.#cluster
    const written = await this.#call(`change ${formatObject(ref)}`, () => {
      return kube.patch<KubeObject>(nameOf(ref), patch, { type: 'json' })
    })
    const { client, clock } = this.#deps
    return await waitSeen(client, new Map([[ref, written]]), clock)
  }

  async #call<T>(deed: string, call: () => Promise<T>): Promise<T> {
    try {
      return await call()
    } catch (error) {
      if (!isKubeStatus(error, 422)) throw explainKube(error, deed, this.#cluster)
      const { message, hints } = explainKube(error, deed, this.#cluster)
      throw new CliError(message, { hints: [...hints, 'somebody else may have changed it at the same moment'] })
    }
  }
}

function nameOf({ kind, namespace, name }: ObjectRef) {
  return { resource: resourceOfKind(kind)!, namespace, name }
}

/** A patch of RFC 6902, by which nothing but rules and the rollout's state change. */
function toPatch(now: KubeObject, then: KubeObject): readonly unknown[] {
  const { rules } = then.spec as { readonly rules: unknown }
  const state = then.metadata.annotations?.[ROLLOUT_ANNOTATION]
  const hasAnnotations = now.metadata.annotations !== undefined
  return [
    { op: 'test', path: '/metadata/generation', value: now.metadata.generation },
    { op: 'replace', path: '/spec/rules', value: rules },
    hasAnnotations
      ? { op: 'add', path: `/metadata/annotations/${ROLLOUT_ANNOTATION.replaceAll('/', '~1')}`, value: state }
      : { op: 'add', path: '/metadata/annotations', value: { [ROLLOUT_ANNOTATION]: state } },
  ]
}
