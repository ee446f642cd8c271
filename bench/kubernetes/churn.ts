import type { KubeClient } from '@heddle/kube/client'
import { type FakePod, setReady } from './fake-workloads.ts'

const TICK_MS = 100
/** Of all pods, each second. */
const SHARE = 0.01

/** Pods that become ready and unready, one in a hundred each second, until it is stopped. Those of the first Service are left alone. */
export class Churn {
  readonly #client: KubeClient
  readonly #pods: readonly FakePod[]
  readonly #unready = new Set<FakePod>()
  readonly #timer: NodeJS.Timeout
  readonly #startMs = performance.now()
  #changed = 0
  #failed = 0

  constructor(client: KubeClient, pods: readonly FakePod[]) {
    this.#client = client
    this.#pods = pods.filter(({ service }) => service !== 0)
    const perTick = Math.max(1, Math.round((pods.length * SHARE * TICK_MS) / 1000))
    this.#timer = setInterval(() => {
      for (let i = 0; i < perTick; i++) void this.#change()
    }, TICK_MS)
  }

  /** @returns what was done, for people */
  stop(): string {
    clearInterval(this.#timer)
    const perSecond = (this.#changed / (performance.now() - this.#startMs)) * 1000
    return `${perSecond.toFixed(0)} pods changed per second, ${this.#failed} failed`
  }

  async #change(): Promise<void> {
    const pod = this.#pods[Math.floor(Math.random() * this.#pods.length)]!
    const isReady = this.#unready.delete(pod)
    if (!isReady) this.#unready.add(pod)
    try {
      await setReady(this.#client, pod, isReady)
      this.#changed += 1
    } catch {
      this.#failed += 1
    }
  }
}
