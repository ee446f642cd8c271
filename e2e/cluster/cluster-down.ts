import { listClusters, readRecord } from './cluster-record.ts'
import { destroyCluster } from './destroy-cluster.ts'

/** `make cluster-down ARGS="[NAME...] [--all]"`: ends clusters, by default `dev`, and left-overs of any name with `--all`. */
const args = process.argv.slice(2)
const named = args.filter((arg) => !arg.startsWith('-'))
const names = args.includes('--all') ? listClusters() : named.length === 0 ? ['dev'] : named

for (const name of names) {
  if (readRecord(name) === undefined) process.stderr.write(`there is no cluster "${name}"\n`)
  else await destroyCluster(name)
}
