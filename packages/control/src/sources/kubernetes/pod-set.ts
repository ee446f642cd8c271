import type { KubeObject } from '@heddle/kube/client'
import { IndexedCache } from '@heddle/kube/indexed-cache'
import type { Instance, InstanceRef } from '../../model/instance.ts'
import type { InstancesChange } from '../source.ts'
import type { TrimmedPod } from './pod.ts'

/** Where a Node is, by its well-known labels; empty where it has none. */
export interface Place {
  readonly region: string
  readonly zone: string
}

const NOWHERE: Place = { region: '', zone: '' }

/** Keeps of a Node where it is. */
export function trimNode({ metadata: { labels = {} } }: KubeObject): Place {
  const { 'topology.kubernetes.io/region': region = '', 'topology.kubernetes.io/zone': zone = '' } = labels
  return { region, zone }
}

/** Pods and where they are, as instances: each change once, however many events it had. */
export class PodSet {
  readonly #pods = new IndexedCache({ node: (pod: TrimmedPod) => [pod.node] })
  readonly #nodes = new Map<string, Place>()
  /** Pods that are different since the last turn. */
  readonly #dirty = new Set<string>()
  /** Those the listener knows, by name. */
  readonly #told = new Map<string, InstanceRef>()

  /** @param name - `NAMESPACE/NAME` */
  setPod(name: string, pod: TrimmedPod | undefined): void {
    if (pod === undefined) this.#pods.delete(name)
    else this.#pods.set(name, pod)
    this.#dirty.add(name)
  }

  /** @returns whether it is somewhere else than before */
  setNode(name: string, place: Place | undefined): boolean {
    const before = this.place(name)
    if (place === undefined) this.#nodes.delete(name)
    else this.#nodes.set(name, place)
    const { region, zone } = this.place(name)
    if (before.region === region && before.zone === zone) return false
    for (const pod of this.#pods.namesBy('node', name)) this.#dirty.add(pod)
    return true
  }

  /** Where a Node is, as far as that is known. */
  place(node: string): Place {
    return this.#nodes.get(node) ?? NOWHERE
  }

  /** What became different since the last call. */
  take(): InstancesChange {
    const upserted: Instance[] = []
    const removed: InstanceRef[] = []
    for (const name of this.#dirty) {
      const instance = this.#toInstance(name)
      const known = this.#told.get(name)
      if (instance !== undefined) {
        upserted.push(instance)
        this.#told.set(name, { namespace: instance.namespace, instance: instance.instance })
      } else if (known !== undefined) {
        removed.push(known)
        this.#told.delete(name)
      }
    }
    this.#dirty.clear()
    return { upserted, removed }
  }

  #toInstance(name: string): Instance | undefined {
    const { instance, node = '' } = this.#pods.get(name) ?? {}
    if (instance === undefined) return undefined
    return { ...instance, ...this.#nodes.get(node), ...(node !== '' && { host: node }) }
  }
}
