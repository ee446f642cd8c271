import { renderCrds } from '@heddle/kube/install/crds'
import type { Cluster } from './cluster.ts'
import { applyCrds } from './gateway-crds.ts'

/** Installs the CRDs of Heddle's own kinds and waits until they serve. Does nothing where they are there. */
export async function installOwnCrds(cluster: Cluster): Promise<void> {
  await applyCrds(cluster, renderCrds())
}
