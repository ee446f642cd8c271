import type { Clock } from '@heddle/base/clock'
import type { Log } from '@heddle/base/log'
import type { KubeClient, KubeObject } from '../../client/client.ts'
import { createInformer } from '../../client/informer.ts'
import { PODS } from '../../client/resources.ts'
import { redirectFlags } from '../redirect-flags.ts'
import type { RunProgram } from '../run-program.ts'
import { findProcess, type ProcessTable } from './find-process.ts'
import { toWaitingPod, type WaitingPod } from './waiting-pod.ts'

/** What the agent of a node works with. */
export interface NodeAgentDeps {
  readonly client: KubeClient
  /** Of the node that it runs on. */
  readonly nodeName: string
  readonly processes: ProcessTable
  readonly run: RunProgram
  /** The init program, which does the work in the pod's network. */
  readonly initProgram: readonly string[]
  readonly clock: Clock
  readonly log: Log
}

/** How often a pod is tried whose process is not there yet. */
const TRIES = 20
const PAUSE_MS = 250

/**
 * Redirects the connections of pods on its node whose init container waits for that. Since nothing else of such a pod starts before,
 * no connection passes the proxy by, however late the agent comes; when it starts anew, it goes through all pods again.
 *
 * @returns after the first look at all pods of the node
 */
export async function runNodeAgent(deps: NodeAgentDeps, signal: AbortSignal): Promise<void> {
  const agent = new NodeAgent(deps, signal)
  const informer = createInformer<WaitingPod | undefined>({
    client: deps.client,
    resource: PODS,
    fieldSelector: `spec.nodeName=${deps.nodeName}`,
    trim: (pod) => agent.read(pod),
    clock: deps.clock,
    log: deps.log,
  })
  await informer.start(
    {
      onUpserted: (_name, pod, before) => agent.see(pod, before),
      onRemoved: (_name, before) => agent.forget(before),
    },
    signal,
  )
}

class NodeAgent {
  readonly #deps: NodeAgentDeps
  readonly #signal: AbortSignal
  /** By container: those that are done, or being done. */
  readonly #taken = new Set<string>()

  constructor(deps: NodeAgentDeps, signal: AbortSignal) {
    this.#deps = deps
    this.#signal = signal
  }

  /** A pod that says nonsense keeps nobody else waiting. */
  read(object: KubeObject): WaitingPod | undefined {
    try {
      return toWaitingPod(object)
    } catch (error) {
      const { namespace, name } = object.metadata
      this.#deps.log.warn('pod cannot be read', { pod: `${namespace}/${name}`, error })
      return undefined
    }
  }

  see(pod: WaitingPod | undefined, before: WaitingPod | undefined): void {
    // A container that has ended never comes back, so what is kept does not grow with the pods that were there.
    if (before?.containerId !== pod?.containerId) this.forget(before)
    if (pod === undefined || this.#taken.has(pod.containerId)) return
    this.#taken.add(pod.containerId)
    void this.#redirect(pod)
  }

  forget(pod: WaitingPod | undefined): void {
    if (pod !== undefined) this.#taken.delete(pod.containerId)
  }

  async #redirect(pod: WaitingPod): Promise<void> {
    const { log, processes, clock } = this.#deps
    for (let turn = 0; turn < TRIES && !this.#signal.aborted; turn++) {
      const id = findProcess(pod.containerId, processes)
      if (id !== undefined) return this.#enter(pod, id)
      await clock.sleep(PAUSE_MS, this.#signal)
    }
    // The container may have ended; when it starts again it has another id.
    log.warn('no process of the container is in a network of its own', { pod: pod.name, container: pod.containerId })
  }

  #enter({ name, proxyUid, skip }: WaitingPod, process: string): void {
    const { run, initProgram, log } = this.#deps
    const command = [
      `--net=/proc/${process}/ns/net`,
      '--',
      ...initProgram,
      'redirect',
      ...redirectFlags(proxyUid, skip),
    ]
    const { status, stderr } = run('nsenter', command)
    const said = stderr.trim()
    if (status === 0) log.info('pod redirected', { pod: name, said })
    else log.error('pod cannot be redirected', { pod: name, said: said === '' ? 'nsenter is missing' : said })
  }
}
