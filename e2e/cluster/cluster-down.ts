import { readOptions } from '../../tools/read-options.ts'
import { listClusters, readRecord } from './cluster-record.ts'
import { destroyCluster } from './destroy-cluster.ts'

/** `make cluster-down ARGS="[NAME...] [--all]"`: ends clusters, by default `dev`, and left-overs of any name with `--all`. */
const { values, positionals } = readOptions('usage: node e2e/cluster/cluster-down.ts [NAME...] [--all]', {
  allowPositionals: true,
  options: { all: { type: 'boolean', default: false } },
})
const names = values.all ? listClusters() : positionals.length === 0 ? ['dev'] : positionals

for (const name of names) {
  if (readRecord(name) === undefined) process.stderr.write(`there is no cluster "${name}"\n`)
  else await destroyCluster(name)
}
