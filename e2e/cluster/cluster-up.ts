import { openCluster } from './cluster.ts'
import type { Tier } from './cluster-plan.ts'
import { readRecord } from './cluster-record.ts'
import { fetchPrograms } from './programs.ts'
import { startCluster } from './start-cluster.ts'

/**
 * `make cluster-up ARGS="[NAME] [--api] [--nodes N]"`: a cluster that stays until `make cluster-down`. Prints the path of its kubeconfig.
 */
const args = process.argv.slice(2)
const nodes = args.includes('--nodes') ? Number(args.splice(args.indexOf('--nodes'), 2)[1]) : 1
const tier: Tier = args.includes('--api') ? 'api' : 'node'
const name = args.find((arg) => !arg.startsWith('-')) ?? 'dev'

const startMs = performance.now()
const cluster =
  readRecord(name) === undefined
    ? await startCluster({ name, tier, nodes, isKept: true })
    : openCluster(name, await fetchPrograms())
const tookSeconds = ((performance.now() - startMs) / 1000).toFixed(1)
process.stderr.write(
  `${name}: ${cluster.server}, tier ${cluster.tier}, this machine is ${cluster.hostAddress} (${tookSeconds} s)\n`,
)
process.stdout.write(`${cluster.kubeconfig}\n`)
