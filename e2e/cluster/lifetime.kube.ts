import { existsSync, globSync, readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { expect, test } from 'vitest'
import { run, start } from '../harness/process.ts'
import { until } from '../harness/until.ts'
import type { Tier } from './cluster-plan.ts'
import { folderOf } from './cluster-record.ts'
import { deployment, echoContainer, service, toolsContainer } from './objects.ts'
import { untilRolledOut } from './rolled-out.ts'
import { startCluster } from './start-cluster.ts'

/** Clusters of a test's own: beside each other, of several nodes, and what is left of them, which is nothing. */

/** Several runs may go on at once. */
const RUN = process.pid.toString(36)
const ORPHAN = `lo-${RUN}`
const NEXT = `ln-${RUN}`
const PAIR = `lp-${RUN}`
const PARTS = `ls-${RUN}`
const REMOVAL = { timeout: 30_000, interval: 200 }
const OWNER = join(import.meta.dirname, 'test-owner.ts')

/** Everything on this machine that has a cluster's name in it. */
async function tracesOf(name: string): Promise<readonly string[]> {
  const { stdout: links } = await run(['ip', '-oneline', 'link'])
  const { stdout: routes } = await run(['ip', 'route'])
  const mounts = readFileSync('/proc/self/mounts', 'utf8')
  const lines = [links, routes, mounts].flatMap((text) => text.split('\n'))
  return [
    ...lines.filter((line) => line.includes(`hk-${name}`) || line.includes(folderOf(name))),
    ...globSync(`/sys/fs/cgroup/{,*/}hk-${name}-*`),
    ...processesOf(name),
    ...(existsSync(folderOf(name)) ? [folderOf(name)] : []),
  ]
}

function processesOf(name: string): readonly string[] {
  return readdirSync('/proc').filter((pid) => {
    try {
      return /^\d+$/.test(pid) && readFileSync(`/proc/${pid}/cmdline`, 'utf8').includes(`${folderOf(name)}/`)
    } catch {
      return false
    }
  })
}

const UP = { when: 'when it was up', isReached: (said: string) => said.includes('up') }
const BOOTING = { when: 'while it started', isReached: () => existsSync(join(folderOf(ORPHAN), 'logs', 'etcd.log')) }

test.each<typeof UP & { readonly tier: Tier }>([
  { ...UP, tier: 'api' },
  { ...UP, tier: 'node' },
  { ...BOOTING, tier: 'node' },
])('a cluster of tier $tier whose owner was killed $when is gone after the next start', async ({ tier, isReached }) => {
  const owner = start([process.execPath, OWNER, ORPHAN, tier])
  await until('the owner may be killed', () => isReached(owner.stdout()), 90_000)
  owner.process.kill('SIGKILL')
  await owner.ended
  expect(await tracesOf(ORPHAN)).not.toEqual([])
  const next = await startCluster({ name: NEXT, tier: 'api' })
  // Another file may have started a cluster meanwhile, and not be through with the removal.
  await expect.poll(() => tracesOf(ORPHAN), REMOVAL).toEqual([])
  await next.stop()
  expect(await tracesOf(NEXT)).toEqual([])
})

test('what no cluster can be is refused before anything is made', async () => {
  await expect(startCluster({ name: 'two', tier: 'api', nodes: 0 })).rejects.toThrow('1 to 9 nodes')
  await expect(startCluster({ name: 'not_a_name', tier: 'api' })).rejects.toThrow('a-z')
  expect(await tracesOf('two')).toEqual([])
})

test('pods of two nodes reach each other', async () => {
  await using cluster = await startCluster({ name: PAIR, tier: 'node', nodes: 2 })
  await cluster.kubectl(['apply', '-f', '-'], {
    input: [
      deployment('echo', { nodeName: 'node-1', containers: [echoContainer()] }),
      deployment('client', { nodeName: 'node-2', containers: [toolsContainer()] }),
      service('echo'),
    ],
  })
  await untilRolledOut(cluster, 'default', ['echo', 'client'])
  const ask = [
    'exec',
    'deployment/client',
    '--',
    'curl',
    '--silent',
    '--retry',
    '5',
    '--retry-all-errors',
    'http://echo/',
  ]
  expect(JSON.parse(await cluster.kubectl(ask)).path).toBe('/')
})

test('a part that was killed is started again', async () => {
  await using cluster = await startCluster({ name: PARTS, tier: 'api' })
  await cluster.killPart('kube-apiserver')
  expect((await cluster.tryKubectl(['get', 'namespaces'])).status).not.toBe(0)
  await cluster.startPart('kube-apiserver')
  await until('it answers again', async () => (await cluster.tryKubectl(['get', 'namespaces'])).status === 0)
})
