import type { WorkloadInstance } from '@heddle/api/admin'
import type { Clock } from '@heddle/base/clock'
import type { ControlClient } from '../client/control-client.ts'
import type { InstanceReadiness } from './fleet.ts'

const FRESH_MS = 150

interface Answer {
  readonly askedMs: number
  readonly instances: Promise<readonly WorkloadInstance[]>
}

/** Asks the control plane which instances are ready; many that wait at the same time share one question. */
export class ReadinessPoll {
  readonly #control: Pick<ControlClient, 'admin'>
  readonly #clock: Clock
  readonly #answers = new Map<string, Answer>()

  constructor(control: Pick<ControlClient, 'admin'>, clock: Clock) {
    this.#control = control
    this.#clock = clock
  }

  /** @returns `undefined` when the control plane does not know the instance (yet) */
  async readinessOf(namespace: string, name: string): Promise<InstanceReadiness | undefined> {
    const instances = await this.#ask(namespace)
    return instances.find((instance) => instance.instance === name)
  }

  #ask(namespace: string): Promise<readonly WorkloadInstance[]> {
    const nowMs = this.#clock.nowMs()
    const last = this.#answers.get(namespace)
    if (last !== undefined && nowMs - last.askedMs < FRESH_MS && nowMs >= last.askedMs) return last.instances
    const instances = this.#control.admin.listWorkloads({ namespace }).then((answer) => answer.instances)
    this.#answers.set(namespace, { askedMs: nowMs, instances })
    return instances
  }
}
