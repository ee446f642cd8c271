import { systemClock } from '@heddle/base/clock'
import { createLog } from '@heddle/base/log'
import type { KubeObject } from '@heddle/kube/client'
import { parseAllDocuments } from 'yaml'
import { kubernetesSource } from '../src/sources/kubernetes/kubernetes-source.ts'
import type { SourceWorld } from '../src/sources/source-contract.ts'
import { FakeCluster } from './fake-cluster.ts'

/** A cluster in memory, and a source that follows it. */
export class ClusterWorld implements SourceWorld {
  readonly cluster = new FakeCluster()
  readonly source = kubernetesSource({
    client: this.cluster,
    clock: systemClock,
    log: createLog(() => undefined, 'off'),
    gatherMs: 2,
  })

  /** Puts what is different, and removes what is left out. */
  async write(yaml: string): Promise<void> {
    const wanted = toObjects(yaml)
    const names = new Set(wanted.map(nameOf))
    for (const object of this.cluster.all()) if (!names.has(nameOf(object))) this.cluster.remove(object)
    for (const object of wanted) this.cluster.put(object)
  }

  async [Symbol.asyncDispose](): Promise<void> {}
}

/** The objects of YAML text, as somebody hands them to an API server. */
export function toObjects(yaml: string): (KubeObject & Readonly<Record<string, unknown>>)[] {
  return parseAllDocuments(yaml).map((document) => document.toJS())
}

function nameOf({ kind, metadata }: KubeObject): string {
  return `${kind} ${metadata.namespace ?? ''}/${metadata.name}`
}
