import { renderCrds } from '@heddle/kube/install/crds'
import type { Cluster } from './cluster.ts'

/** Installs the CRDs of Heddle's own kinds and waits until they serve. Does nothing where they are there. */
export async function installOwnCrds(cluster: Cluster): Promise<void> {
  const crds = renderCrds()
  await cluster.kubectl(['apply', '--server-side', '-f', '-'], { input: crds })
  const names = crds.map(({ metadata }) => `customresourcedefinition/${metadata.name}`)
  await cluster.kubectl(['wait', '--for=condition=Established', '--timeout=30s', ...names])
}
