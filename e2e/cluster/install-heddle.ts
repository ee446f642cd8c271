import { mkdtempSync, rmSync } from 'node:fs'
import { join, resolve } from 'node:path'
import { type Bundles, bundlePrograms } from '../../deploy/images/bundle-programs.ts'
import { controlImage, demoImage, proxyImage } from '../../deploy/images/heddle-images.ts'
import { type Finished, run } from '../harness/process.ts'
import { until } from '../harness/until.ts'
import type { Cluster } from './cluster.ts'
import { CACHE } from './cluster-record.ts'
import { installGatewayCrds } from './gateway-crds.ts'
import { type Image, packImage } from './images/pack-image.ts'

const COMMAND = resolve(import.meta.dirname, '../../bin/heddle')
/** Also `--wait 60s` ends by itself before. */
const COMMAND_MS = 120_000
const ROLL_OUT_MS = 200_000

/** `heddle` for an administrator of a cluster; meshes that run on this machine are not seen. */
export function heddle(cluster: Cluster, args: readonly string[], input?: string): Promise<Finished> {
  return run([COMMAND, ...args], {
    env: { KUBECONFIG: cluster.kubeconfig, HEDDLE_HOME: join(CACHE, 'no-meshes') },
    deadlineMs: COMMAND_MS,
    ...(input !== undefined && { input }),
  })
}

/** What `heddle` prints. @throws {Error} with what it said where it failed */
export async function heddleOutput(cluster: Cluster, args: readonly string[], input?: string): Promise<string> {
  const { status, stdout, stderr } = await heddle(cluster, args, input)
  if (status !== 0) throw new Error(`heddle ${args.join(' ')}: ${stderr}`)
  return stdout
}

/** Packs the images `heddle/control` and `heddle/proxy` of the present sources, and makes them known to every node. */
export function loadHeddleImages(cluster: Cluster): Promise<void> {
  return loadImages(cluster, (bundles) => [controlImage(bundles), proxyImage(bundles)])
}

/** The same with `heddle/demo`. */
export function loadDemoImage(cluster: Cluster): Promise<void> {
  return loadImages(cluster, (bundles) => [demoImage(bundles)])
}

async function loadImages(cluster: Cluster, imagesOf: (bundles: Bundles) => readonly Image[]): Promise<void> {
  const folder = mkdtempSync(join(CACHE, 'heddle-images-'))
  try {
    for (const image of imagesOf(bundlePrograms(join(folder, 'bundles')))) {
      const file = join(folder, 'image.tar')
      packImage(image, file)
      await cluster.loadImage(file)
    }
  } finally {
    rmSync(folder, { recursive: true })
  }
}

/**
 * Installs Heddle by the pipes that a user would write, with the Gateway API's CRDs in front.
 *
 * @param flags - of `heddle install`
 */
export async function applyHeddle(cluster: Cluster, flags: readonly string[] = []): Promise<void> {
  await installGatewayCrds(cluster)
  await cluster.kubectl(['apply', '-f', '-'], { input: await heddleOutput(cluster, ['install', '--crds']) })
  const ours = ['crd', '--selector=app.kubernetes.io/part-of=heddle']
  await cluster.kubectl(['wait', '--for=condition=Established', '--timeout=90s', ...ours], { deadlineMs: 100_000 })
  await cluster.kubectl(['apply', '-f', '-'], { input: await heddleOutput(cluster, ['install', ...flags]) })
}

/** Images, installation, and a control plane that is ready. */
export async function installHeddle(cluster: Cluster, flags: readonly string[] = []): Promise<void> {
  await loadHeddleImages(cluster)
  await applyHeddle(cluster, flags)
  await untilControlReady(cluster)
}

/** Waits for every replica, and until pods get proxies. @throws {Error} with the log of the control plane where it does not get ready */
export async function untilControlReady(cluster: Cluster): Promise<void> {
  const status = ['rollout', 'status', 'deployment/heddle-control', '--namespace=heddle', '--timeout=190s']
  const { status: code, stderr } = await cluster.tryKubectl(status, { deadlineMs: ROLL_OUT_MS })
  if (code === 0) return await untilInjected(cluster)
  const pods = await cluster.tryKubectl(['describe', 'pods', '--namespace=heddle'])
  const log = await cluster.tryKubectl(['logs', 'deployment/heddle-control', '--namespace=heddle', '--tail=30'])
  throw new Error(`the control plane is not ready: ${stderr}\n${pods.stdout}\n${log.stdout}${log.stderr}`)
}

const PROBE = {
  apiVersion: 'v1',
  kind: 'Pod',
  metadata: { name: 'probe', namespace: 'default', annotations: { 'heddle.dev/inject': 'enabled' } },
  spec: { containers: [{ name: 'probe', image: 'probe' }] },
}

/** Whom the API server asks about pods, and where, it knows a moment after who is asked is ready; until then pods come without proxy. */
async function untilInjected(cluster: Cluster): Promise<void> {
  const create = ['create', '--dry-run=server', '--output=jsonpath={.spec.initContainers[*].name}', '-f', '-']
  await until('pods get a proxy', async () =>
    (await cluster.kubectl(create, { input: PROBE })).includes('heddle-proxy'),
  )
}

/** Removes everything of Heddle, with every proxy that there may be left as it is. */
export async function uninstallHeddle(cluster: Cluster): Promise<void> {
  const objects = await heddleOutput(cluster, ['uninstall', '--force'])
  await cluster.kubectl(['delete', '-f', '-', '--ignore-not-found'], { input: objects, deadlineMs: ROLL_OUT_MS })
  await until('the namespace is gone', async () => {
    return (await cluster.tryKubectl(['get', 'namespace', 'heddle'])).stderr.includes('NotFound')
  })
}
