import { mkdtempSync, readFileSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join, resolve } from 'node:path'
import { afterAll, afterEach, beforeAll, beforeEach, expect, test } from 'vitest'
import { type Finished, run } from '../harness/process.ts'
import { until } from '../harness/until.ts'
import type { Cluster } from './cluster.ts'
import { type EarlierVersion, layOutEarlier } from './earlier-version.ts'
import { installGatewayCrds } from './gateway-crds.ts'
import { heddle, heddleOutput, loadDemoImage, loadHeddleImages, untilControlReady } from './install-heddle.ts'
import { Load, untilQuick } from './load.ts'
import { untilRolledOut } from './rolled-out.ts'
import { startCluster } from './start-cluster.ts'
import { tellFailure } from './tell-failure.ts'

/** A running mesh of an earlier version becomes one of the present, and goes back, under load; in order, on a cluster of its own. */

/** The first version that was installed on a real cluster by tests; values have changed since. */
const EARLIER = '8ee4e2e5bb41e69e2defe93115a3af43cfbf718a'
const TAG = 'earlier'
const NAMESPACE = 'emojivote'
const PROGRAMS = ['emoji', 'voting', 'web', 'vote-bot'] as const
const PER_SECOND = 10
const DEMO = resolve(import.meta.dirname, '../../packages/demo/deploy')

const folder = mkdtempSync(join(tmpdir(), 'heddle-earlier-'))
let cluster: Cluster
let earlier: EarlierVersion
let load: Load

beforeAll(async () => {
  cluster = await startCluster({ name: `u-${process.pid.toString(36)}`, tier: 'node' })
  earlier = await layOutEarlier(EARLIER, folder)
  await earlier.loadImages(cluster, TAG)
  await loadHeddleImages(cluster)
  await loadDemoImage(cluster)
  await installGatewayCrds(cluster)
  await apply(await earlierOutput(['install', '--crds']))
  await apply(await earlierOutput(['install', '--set', `image.tag=${TAG}`, '--set', 'control.replicas=2']))
  await untilControlReady(cluster)
  for (const path of ['local/services.yaml', 'cluster/deployments.yaml'])
    await apply(readFileSync(join(DEMO, path), 'utf8'))
  await untilRolledOut(cluster, NAMESPACE, PROGRAMS)
}, 600_000)
afterAll(async () => {
  await cluster?.stop()
  rmSync(folder, { recursive: true, force: true })
})

beforeEach(async () => {
  const path = '--output=jsonpath={.spec.clusterIP}'
  const address = await cluster.kubectl(['get', 'service', 'web-svc', '--namespace', NAMESPACE, path])
  const urls = [`http://${address}/api/list`, `http://${address}/leaderboard`]
  await untilQuick(urls)
  load = new Load(urls, PER_SECOND)
  await until('there is load', () => load.requests > PER_SECOND)
})
/** Also after a test that failed, so that its load does not go on. */
afterEach(async (context) => {
  await load.stop()
  await tellFailure(cluster, context)
})

function runEarlier(args: readonly string[]): Promise<Finished> {
  return run([earlier.command, ...args], { env: { KUBECONFIG: cluster.kubeconfig } })
}

async function earlierOutput(args: readonly string[]): Promise<string> {
  const { status, stdout, stderr } = await runEarlier(args)
  if (status !== 0) throw new Error(`earlier heddle ${args.join(' ')}: ${stderr}`)
  return stdout
}

async function apply(input: string): Promise<void> {
  await cluster.kubectl(['apply', '-f', '-'], { input })
}

/** Images of the proxies in pods that are to stay, each with how many have it. */
async function proxyImages(): Promise<Readonly<Record<string, number>>> {
  interface Pod {
    readonly metadata: { readonly deletionTimestamp?: string }
    readonly spec: { readonly initContainers?: readonly { readonly name: string; readonly image: string }[] }
  }
  const { items } = JSON.parse(await cluster.kubectl(['get', 'pods', '--namespace', NAMESPACE, '--output=json'])) as {
    readonly items: readonly Pod[]
  }
  const staying = items.filter(({ metadata }) => metadata.deletionTimestamp === undefined)
  const images = staying.flatMap(({ spec }) => spec.initContainers ?? []).filter(({ name }) => name === 'heddle-proxy')
  return Object.fromEntries(
    Object.entries(Object.groupBy(images, ({ image }) => image)).map(([image, all]) => [image, all?.length ?? 0]),
  )
}

const CURRENT = `heddle/proxy:${(JSON.parse(readFileSync(resolve(import.meta.dirname, '../../package.json'), 'utf8')) as { version: string }).version}`

test('the control plane is upgraded, and proxies of the earlier version go on', async () => {
  expect(await proxyImages()).toEqual({ [`heddle/proxy:${TAG}`]: PROGRAMS.length })
  await apply(await heddleOutput(cluster, ['upgrade', '--crds']))
  await apply(await heddleOutput(cluster, ['upgrade', '--set', 'image.tag=']))
  await untilControlReady(cluster)
  // The earlier version did not yet wait at its end until nobody asked it any more.
  await until(
    'its pods are gone',
    async () => {
      const images = '--output=jsonpath={.items[*].spec.containers[0].image}'
      return !(await cluster.kubectl(['get', 'pods', '--namespace=heddle', images])).includes(TAG)
    },
    90_000,
  )
  expect(await proxyImages()).toEqual({ [`heddle/proxy:${TAG}`]: PROGRAMS.length })
  expect((await load.stop()).failures).toEqual([])
})

test('proxies of both versions work together, and learn of each other from the new control plane', async () => {
  await cluster.kubectl(['scale', 'deployment/voting', '--namespace', NAMESPACE, '--replicas=2'])
  await untilRolledOut(cluster, NAMESPACE, PROGRAMS)
  expect(await proxyImages()).toEqual({ [`heddle/proxy:${TAG}`]: PROGRAMS.length, [CURRENT]: 1 })
  await until('the new instance is called by the earlier proxy of web', async () => {
    const stat = await heddleOutput(cluster, ['stat', 'pods', '--namespace', NAMESPACE, '--output=json'])
    const rows = JSON.parse(stat) as readonly { readonly name: string; readonly rps: number | null }[]
    return rows.filter(({ name, rps }) => name.startsWith('voting-') && (rps ?? 0) > 0).length === 2
  })
  expect((await load.stop()).failures).toEqual([])
})

test('pods are replaced, and all proxies are of the present version', async () => {
  for (const name of PROGRAMS) {
    await cluster.kubectl(['rollout', 'restart', `deployment/${name}`, '--namespace', NAMESPACE])
    await untilRolledOut(cluster, NAMESPACE, PROGRAMS)
  }
  await until('only new pods are there', async () => Object.keys(await proxyImages()).join() === CURRENT)
  const { status, stdout } = await heddle(cluster, ['check', '--proxy', '--namespace', NAMESPACE, '--wait', '30s'])
  expect(status, stdout).toBe(0)
  expect((await load.stop()).failures).toEqual([])
})

test('the way back is the same pipe with the earlier command line', async () => {
  await apply(await earlierOutput(['upgrade', '--set', `image.tag=${TAG}`]))
  await untilControlReady(cluster)
  const image = '--output=jsonpath={.spec.template.spec.containers[0].image}'
  expect(await cluster.kubectl(['get', 'deployment/heddle-control', '--namespace=heddle', image])).toBe(
    `heddle/control:${TAG}`,
  )
  expect(await proxyImages()).toEqual({ [CURRENT]: PROGRAMS.length + 1 })
  expect((await load.stop()).failures).toEqual([])
})
