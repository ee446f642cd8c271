import { type Cluster, openCluster } from './cluster.ts'
import type { Tier } from './cluster-plan.ts'
import { readRecord } from './cluster-record.ts'
import { destroyLeftOvers } from './destroy-cluster.ts'
import { fetchPrograms } from './programs.ts'
import { startCluster } from './start-cluster.ts'

/**
 * `make cluster-up ARGS="[NAME] [--api] [--nodes N] [--ipv6-first]"`: a cluster that stays until `make cluster-down`. Prints the path of its kubeconfig.
 */
const args = process.argv.slice(2)
const nodes = args.includes('--nodes') ? Number(args.splice(args.indexOf('--nodes'), 2)[1]) : 1
const tier: Tier = args.includes('--api') ? 'api' : 'node'
const firstFamily = args.includes('--ipv6-first') ? 'IPv6' : 'IPv4'
const name = args.find((arg) => !arg.startsWith('-')) ?? 'dev'

try {
  const startMs = performance.now()
  const cluster = await openOrStart()
  const tookSeconds = ((performance.now() - startMs) / 1000).toFixed(1)
  const where = `${cluster.server}, tier ${cluster.tier}, this machine is ${cluster.hostAddress}`
  process.stderr.write(`${name}: ${where} (${tookSeconds} s)\nkubectl: ${cluster.kubectlProgram}\n`)
  process.stdout.write(`${cluster.kubeconfig}\n`)
} catch (error) {
  process.stderr.write(`error: ${error instanceof Error ? error.message : error}\n`)
  process.exitCode = 1
}

async function openOrStart(): Promise<Cluster> {
  await destroyLeftOvers()
  if (readRecord(name) !== undefined) return openCluster(name, await fetchPrograms())
  return await startCluster({ name, tier, nodes, firstFamily, isKept: true })
}
