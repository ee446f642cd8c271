import type { TestProject } from 'vitest/node'
import { openCluster } from './cluster.ts'
import { fetchPrograms } from './programs.ts'
import { startCluster } from './start-cluster.ts'

declare module 'vitest' {
  interface ProvidedContext {
    /** Name of the cluster that the tests of this run share. */
    clusterName: string
  }
}

/**
 * Starts one cluster for all tests of a run and ends it afterwards. `HEDDLE_CLUSTER=NAME` takes one that `make cluster-up` started, so
 * that a single test runs in seconds.
 */
export default async function setup(project: TestProject): Promise<() => Promise<void>> {
  const running = process.env.HEDDLE_CLUSTER
  if (running !== undefined && running !== '') {
    project.provide('clusterName', openCluster(running, await fetchPrograms()).name)
    return async () => undefined
  }
  const cluster = await startCluster({ name: `t-${process.pid.toString(36)}`, tier: 'node' })
  project.provide('clusterName', cluster.name)
  return () => cluster.stop()
}
