import { readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { fetchFolder } from '../../tools/suites/fetch-program.ts'
import { until } from '../harness/until.ts'
import type { Cluster } from './cluster.ts'

/** Installs the Gateway API's CRDs, of the experimental channel, and waits until they serve. Does nothing where they are there. */
export async function installGatewayCrds(cluster: Cluster): Promise<void> {
  const folder = await fetchFolder('gateway-api')
  const files = readdirSync(folder).filter((name) => name.startsWith('gateway.networking.k8s.io_'))
  const yaml = files.map((name) => readFileSync(join(folder, name), 'utf8')).join('\n---\n')
  await applyCrds(cluster, yaml)
}

/**
 * Applies CRDs and waits until they serve. Several files of tests may install the same ones in one cluster at a time: of two who make
 * an object one is refused, and finds it there the next time.
 */
export async function applyCrds(cluster: Cluster, input: string | readonly object[]): Promise<void> {
  const kinds = await until('the CRDs are applied', async () => {
    // Some are larger than the annotation that a client's own apply would write may be.
    const applied = await cluster.kubectl(['apply', '--server-side', '--output=name', '-f', '-'], { input })
    return applied.split('\n').filter((name) => name.startsWith('customresourcedefinition'))
  })
  await cluster.kubectl(['wait', '--for=condition=Established', '--timeout=90s', ...kinds], { deadlineMs: 100_000 })
}
