import { startCluster } from './start-cluster.ts'

/** `test-owner.ts NAME TIER`: starts a cluster, says "up", and waits to be killed. */
const [name = '', tier] = process.argv.slice(2)

await startCluster({ name, tier: tier === 'node' ? 'node' : 'api' })
process.stdout.write('up\n')
process.stdin.resume()
