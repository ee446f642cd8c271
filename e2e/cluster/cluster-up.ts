import { endWithUsage, readCount, readOptions } from '../../tools/read-options.ts'
import { type Cluster, openCluster } from './cluster.ts'
import type { Tier } from './cluster-plan.ts'
import { readRecord } from './cluster-record.ts'
import { destroyLeftOvers } from './destroy-cluster.ts'
import { fetchPrograms } from './programs.ts'
import { startCluster } from './start-cluster.ts'

/**
 * `make cluster-up ARGS="[NAME] [--api] [--nodes N] [--ipv6-first]"`: a cluster that stays until `make cluster-down`. Prints the path of its kubeconfig.
 */
const USAGE = 'usage: node e2e/cluster/cluster-up.ts [NAME] [--api] [--nodes N] [--ipv6-first]'
const { values, positionals } = readOptions(USAGE, {
  allowPositionals: true,
  options: {
    api: { type: 'boolean', default: false },
    nodes: { type: 'string', default: '1' },
    'ipv6-first': { type: 'boolean', default: false },
  },
})
const [name = 'dev', ...more] = positionals
if (more.length > 0) endWithUsage(USAGE, `${more.join(' ')}: one cluster at a time`)
const nodes = readCount(USAGE, '--nodes', values.nodes)
const tier: Tier = values.api ? 'api' : 'node'
const firstFamily = values['ipv6-first'] ? 'IPv6' : 'IPv4'

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
