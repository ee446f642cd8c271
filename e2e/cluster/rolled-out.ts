import type { Cluster } from './cluster.ts'

/** Waits until each of these Deployments is rolled out. @throws {Error} where one is not within three minutes */
export async function untilRolledOut(cluster: Cluster, namespace: string, names: readonly string[]): Promise<void> {
  for (const name of names) {
    const args = ['rollout', 'status', '--timeout=180s', `deployment/${name}`, '--namespace', namespace]
    await cluster.kubectl(args, { deadlineMs: 190_000 })
  }
}
