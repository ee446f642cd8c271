import type { Clock } from '@heddle/base/clock'
import { createLog } from '@heddle/base/log'
import { createModel, type Model } from '../src/model/model.ts'
import { type KubernetesSource, kubernetesSource } from '../src/sources/kubernetes/kubernetes-source.ts'
import type { ObjectChange } from '../src/sources/source.ts'
import type { FakeCluster } from './fake-cluster.ts'

/** A cluster in memory with the model of it, for tests. */
export interface ModelOfCluster {
  readonly cluster: FakeCluster
  readonly source: KubernetesSource
  readonly model: Model
  readonly changes: readonly ObjectChange[]
}

/** Resolves once the model holds what the cluster has. */
export async function modelOfCluster(
  cluster: FakeCluster,
  {
    clock,
    signal,
    graceMs = 10_000,
  }: { readonly clock: Clock; readonly signal: AbortSignal; readonly graceMs?: number },
): Promise<ModelOfCluster> {
  const log = createLog(() => undefined, 'off')
  const source = kubernetesSource({ client: cluster, clock, log })
  const model = createModel({ clock, instancesFrom: 'source', graceMs, signal })
  const changes: ObjectChange[] = []
  const onChange = (change: ObjectChange) => {
    changes.push(change)
    model.applyObjects(change)
  }
  await source.start({ onChange, onStatus: () => undefined }, signal)
  return { cluster, source, model, changes }
}
