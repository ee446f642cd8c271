import { fork } from 'node:child_process'
import { once } from 'node:events'
import { Agent } from 'node:http'
import { fileURLToPath } from 'node:url'
import { setFlagsFromString } from 'node:v8'
import { runInNewContext } from 'node:vm'
import { systemClock } from '@heddle/base/clock'
import { createLog } from '@heddle/base/log'
import { createKubeClient, type KubeObject } from '@heddle/kube/client'
import { createInformer } from '@heddle/kube/informer'
import { PODS } from '@heddle/kube/resources'
import { trimPod } from '../packages/control/src/sources/kubernetes/pod.ts'
import { readCount, readOptions } from '../tools/read-options.ts'

/**
 * `node bench/kube-cache.ts [PODS]`: what the control plane's cache of pods takes, 10,000 of them unless told, beside the same objects
 * kept whole. The API server is one of our own in another process.
 */
const USAGE = 'usage: node bench/kube-cache.ts [PODS]'
const { positionals } = readOptions(USAGE, { allowPositionals: true })
const COUNT = readCount(USAGE, 'PODS', positionals[0] ?? '10000')

setFlagsFromString('--expose-gc')
const collect: () => void = runInNewContext('gc')

const server = fork(fileURLToPath(new URL('kube/serve.ts', import.meta.url)), [String(COUNT)])
const [{ url, bytes }] = (await once(server, 'message')) as [{ url: string; bytes: number }]
const agent = new Agent({ keepAlive: true })
const client = createKubeClient({
  server: url,
  contextName: 'bench',
  namespace: 'default',
  credentials: async () => ({ headers: {}, agent }),
  forgetCredentials() {},
  close: () => agent.destroy(),
})

process.stdout.write(`${COUNT} pods, each ${bytes} bytes of JSON\n`)
await measure('trimmed', trimPod)
await measure('whole', (object) => object)
server.disconnect()
agent.destroy()

/** The first round also makes code and hidden classes; the median leaves it out. */
async function measure<T>(name: string, trim: (object: KubeObject) => T): Promise<void> {
  const first = await fill(trim)
  const rest = [await fill(trim), await fill(trim), await fill(trim)].map((round) => round.perObject)
  const perObject = rest.sort((a, b) => a - b)[1]!
  process.stdout.write(
    `${name}: ${perObject} bytes an object; RSS after the first list ${first.rss} MB, which took ${first.tookMs} ms\n`,
  )
}

async function fill<T>(trim: (object: KubeObject) => T) {
  const ending = new AbortController()
  const informer = createInformer({ client, resource: PODS, trim, clock: systemClock, log: createLog(() => {}, 'off') })
  const before = settle()
  const startedMs = performance.now()
  await informer.start({ onUpserted() {}, onRemoved() {} }, ending.signal)
  const tookMs = Math.round(performance.now() - startedMs)
  const rss = Math.round(process.memoryUsage().rss / 1e6)
  const perObject = Math.round((settle() - before) / informer.size)
  ending.abort()
  // Its watch ends, and what it kept can go.
  for (let turn = 0; turn < 100; turn++) await new Promise((resolve) => setImmediate(resolve))
  return { perObject, rss, tookMs }
}

/** Bytes of the heap that are in use. */
function settle(): number {
  for (let turn = 0; turn < 3; turn++) collect()
  return process.memoryUsage().heapUsed
}
