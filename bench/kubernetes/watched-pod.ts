import type { KubeClient, WatchOptions } from '@heddle/kube/client'
import { PODS } from '@heddle/kube/resources'
import { type FakePod, NAMESPACE, setReady } from './fake-workloads.ts'

/** A pod that is made ready and unready, and how long the API server takes to tell that to its watchers. */
export class WatchedPod {
  readonly #client: KubeClient
  readonly #pod: FakePod
  #isReady = true
  #told: (() => void) | undefined
  readonly #toldAfterMs: number[] = []

  /** Watches until `signal` is aborted. */
  constructor(client: KubeClient, { pod, signal }: { readonly pod: FakePod; readonly signal: AbortSignal }) {
    this.#client = client
    this.#pod = pod
    void this.#watch(signal)
  }

  /** Changes it. @returns once the API server has told the change */
  async toggle(): Promise<void> {
    this.#isReady = !this.#isReady
    const told = new Promise<void>((resolve) => {
      this.#told = resolve
    })
    const startMs = performance.now()
    await setReady(this.#client, this.#pod, this.#isReady)
    await told
    this.#toldAfterMs.push(performance.now() - startMs)
  }

  async #watch(signal: AbortSignal): Promise<void> {
    const ref = { resource: PODS, namespace: NAMESPACE, name: this.#pod.name }
    const fieldSelector = `metadata.name=${this.#pod.name}`
    while (!signal.aborted) {
      const resourceVersion = (await this.#client.get(ref))?.metadata.resourceVersion ?? ''
      const options = { namespace: NAMESPACE, fieldSelector, resourceVersion }
      await this.#follow(options, signal).catch(() => undefined)
    }
  }

  /** Ends when the API server ends it, and fails when nothing happens for long. */
  async #follow(options: WatchOptions, signal: AbortSignal): Promise<void> {
    for await (const event of this.#client.watch(PODS, options, signal)) {
      if (event.type === 'MODIFIED') this.#told?.()
    }
  }

  /** @returns how long the API server took since the last call, for people */
  describe(): string {
    const sorted = this.#toldAfterMs.splice(0).sort((a, b) => a - b)
    const at = (share: number) => sorted[Math.min(sorted.length - 1, Math.floor(share * sorted.length))] ?? 0
    return `told by the API server after p50 ${at(0.5).toFixed(0)} ms, p99 ${at(0.99).toFixed(0)} ms`
  }
}
