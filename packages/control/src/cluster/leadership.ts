import type { Clock } from '@heddle/base/clock'
import type { Log } from '@heddle/base/log'
import type { KubeClient } from '@heddle/kube/client'
import { INSTALL_NAMES } from '@heddle/kube/install/names'
import { holdLease } from '@heddle/kube/lease'

export interface LeadershipOptions {
  readonly client: Pick<KubeClient, 'get' | 'create' | 'update'>
  readonly namespace: string
  /** Unique among the replicas. */
  readonly replica: string
  readonly clock: Clock
  readonly log: Log
}

/** What only one replica does at a time. */
export type LeaderTask = (signal: AbortSignal) => void

/** Whether this replica is the one that does what must be done once. */
export class Leadership {
  readonly #options: LeadershipOptions
  readonly #tasks: LeaderTask[] = []
  #leading: AbortSignal | undefined

  constructor(options: LeadershipOptions) {
    this.#options = options
  }

  get isLeading(): boolean {
    return this.#leading !== undefined && !this.#leading.aborted
  }

  /** To be called before {@link stand}. The task ends when its signal is aborted, which is before another replica leads. */
  add(task: LeaderTask): void {
    this.#tasks.push(task)
  }

  /** Stands for leader until `signal` is aborted; resolves when the lease was given back. */
  async stand(signal: AbortSignal): Promise<void> {
    const { client, namespace, replica, clock, log } = this.#options
    const onLeading = (leading: AbortSignal) => {
      this.#leading = leading
      for (const task of this.#tasks) task(leading)
    }
    await holdLease({ client, namespace, name: INSTALL_NAMES.lease, holder: replica, clock, log, onLeading }, signal)
  }
}
