import type { Clock } from '@heddle/base/clock'
import { compareTexts } from '@heddle/base/compare-texts'
import { formatDurationMs } from '@heddle/base/duration'
import { messageOf } from '@heddle/base/message-of'
import { CliError } from '../cli-error.ts'
import { Instance } from '../instance/instance.ts'
import type { InstanceDeps } from '../instance/instance-template.ts'
import type { DesiredWorkload } from './desired.ts'
import { planRollout, type RolloutInstance } from './plan-rollout.ts'

/** What the mesh says about an instance. */
export interface InstanceReadiness {
  readonly ready: boolean
  readonly reason: string
}

export interface FleetOptions {
  readonly instances: InstanceDeps
  readonly clock: Clock
  /** Asks the control plane; `undefined`: it does not know the instance (yet). */
  readiness(namespace: string, instance: string): Promise<InstanceReadiness | undefined>
  /** Aborted when everything is to end. */
  readonly signal: AbortSignal
  report(line: string): void
}

const LOOK_AGAIN_MS = 200
const SAY_SLOW_MS = 60_000
const NEEDS_MS = 15_000
const START_TOGETHER = 4
/** How long those that are called wait for those that only call to end. */
const CALLERS_LEAD_MS = 5_000

interface Member {
  readonly instance: Instance
  readonly ordinal: number
  state: RolloutInstance['state']
}

/** All instances of a mesh on this host; brings them to what is desired, Workload by Workload. */
export class Fleet {
  readonly #options: FleetOptions
  readonly #members = new Map<string, Set<Member>>()
  readonly #targets = new Map<string, DesiredWorkload>()
  /** Keys that are worked on; and what works on them. */
  readonly #reaching = new Set<string>()
  readonly #loops = new Set<Promise<void>>()
  readonly #blocked = new Set<string>()
  readonly #hurry = new AbortController()
  #starting = 0
  #failures = 0

  constructor(options: FleetOptions) {
    this.#options = options
  }

  /** Every instance there is, in the order of their names. */
  instances(): readonly Instance[] {
    const all = [...this.#members.values()].flatMap((members) => [...members].map((member) => member.instance))
    return all.sort((a, b) => compareTexts(a.name, b.name))
  }

  /** Makes `desired` the state to reach; what was desired before and not reached yet is given up. */
  apply(desired: readonly DesiredWorkload[]): void {
    const gone = [...this.#targets.values()].filter((old) => desired.every((next) => next.key !== old.key))
    for (const target of [...desired, ...gone.map((old) => ({ ...old, replicas: 0 }))]) {
      this.#targets.set(target.key, target)
      this.#blocked.delete(target.key)
      if (!this.#reaching.has(target.key)) this.#work(target.key)
    }
  }

  /**
   * Resolves once everything desired runs and the mesh sends it requests.
   *
   * @throws {CliError} when an instance could not be started; why was reported
   */
  async settled(): Promise<void> {
    while (this.#loops.size > 0) await Promise.all(this.#loops)
    const count = this.#failures
    if (count > 0) throw new CliError(`${count === 1 ? 'one instance' : `${count} instances`} could not be started`)
  }

  /** Stops everything, those first that nobody calls, so that they see no failures; at once when `hurry` is aborted. */
  async stop(hurry: AbortSignal): Promise<readonly string[]> {
    const problems: string[] = []
    hurry.addEventListener('abort', () => this.#hurry.abort(), { once: true })
    if (hurry.aborted) this.#hurry.abort()
    await this.#quietCallers()
    const members = [...this.#members.values()].flatMap((some) => [...some])
    await Promise.all(
      members.map((member) =>
        member.instance
          .stop(this.#hurry.signal, 'everything')
          .catch((error: unknown) => problems.push(messageOf(error))),
      ),
    )
    await Promise.allSettled(this.#loops)
    return problems
  }

  async #quietCallers(): Promise<void> {
    const callers = [...this.#targets.values()].filter(({ isCalled }) => !isCalled)
    const instances = callers.flatMap(({ key }) => [...(this.#members.get(key) ?? [])].map(({ instance }) => instance))
    const ended = new AbortController()
    const all = Promise.allSettled(instances.map((instance) => instance.quiet(this.#hurry.signal)))
    await Promise.race([all, this.#options.clock.sleep(CALLERS_LEAD_MS, ended.signal)])
    ended.abort()
  }

  #work(key: string): void {
    const loop = this.#reach(key)
    this.#loops.add(loop)
    void loop.finally(() => this.#loops.delete(loop))
  }

  async #reach(key: string): Promise<void> {
    const { signal, clock } = this.#options
    this.#reaching.add(key)
    try {
      while (!signal.aborted && !this.#blocked.has(key)) {
        const target = this.#targets.get(key)!
        const members = this.#membersOf(key)
        const step = planRollout([...members].map(toRollout), {
          replicas: target.replicas,
          fingerprint: target.template.fingerprint,
        })
        if (step.kind === 'done') break
        if (step.kind === 'start') for (const ordinal of step.ordinals) this.#start(target, ordinal)
        if (step.kind === 'stop') for (const ordinal of step.ordinals) this.#stopMember(key, ordinal)
        await clock.sleep(LOOK_AGAIN_MS, signal)
      }
    } finally {
      this.#reaching.delete(key)
      if (this.#membersOf(key).size === 0) this.#members.delete(key)
    }
  }

  #membersOf(key: string): Set<Member> {
    const members = this.#members.get(key) ?? new Set()
    this.#members.set(key, members)
    return members
  }

  #start(target: DesiredWorkload, ordinal: number): void {
    const { name } = target.template.workload.metadata
    const instance = new Instance(`${name}-${ordinal}`, target.template, this.#options.instances)
    const member: Member = { instance, ordinal, state: 'starting' }
    this.#membersOf(target.key).add(member)
    void this.#bringUp(member, target.needs).catch((error: unknown) => this.#failed(target.key, member, error))
  }

  async #bringUp(member: Member, needs: readonly string[]): Promise<void> {
    const { clock, signal, report } = this.#options
    while (this.#starting >= START_TOGETHER && !signal.aborted) await clock.sleep(LOOK_AGAIN_MS / 4, signal)
    if (signal.aborted || member.state === 'leaving') return
    this.#starting += 1
    try {
      await member.instance.prepare()
    } finally {
      this.#starting -= 1
    }
    await this.#untilServed(needs)
    if (signal.aborted || member.state !== 'starting') return
    await member.instance.launch()
    await this.#untilReady(member)
    if (member.state !== 'starting') return
    member.state = 'ready'
    report(`${member.instance.name} is ready${member.instance.address === '' ? '' : ` at ${member.instance.address}`}`)
  }

  /**
   * Applications that are called start before those that call them, so that these do not begin with failures. After a
   * while they start all the same: an application has to bear that others are away.
   */
  async #untilServed(needs: readonly string[]): Promise<void> {
    const { clock, signal } = this.#options
    const giveUpMs = clock.nowMs() + NEEDS_MS
    const isServed = (key: string): boolean =>
      this.#targets.get(key)?.replicas === 0 || [...this.#membersOf(key)].some(({ state }) => state === 'ready')
    while (!signal.aborted && clock.nowMs() < giveUpMs && !needs.every(isServed))
      await clock.sleep(LOOK_AGAIN_MS, signal)
  }

  async #untilReady(member: Member): Promise<void> {
    const { clock, signal, report, readiness } = this.#options
    const { metadata } = member.instance.template.workload
    const startedMs = clock.nowMs()
    let sayAtMs = startedMs + SAY_SLOW_MS
    while (!signal.aborted && member.state === 'starting') {
      if (member.instance.isOver) return
      const seen = await readiness(metadata.namespace, member.instance.name).catch(() => undefined)
      if (seen?.ready === true) return
      if (clock.nowMs() > sayAtMs) {
        sayAtMs += SAY_SLOW_MS
        const took = formatDurationMs(clock.nowMs() - startedMs)
        report(`${member.instance.name} is still not ready after ${took}: ${seen?.reason || 'no reason known'}`)
      }
      await clock.sleep(LOOK_AGAIN_MS, signal)
    }
  }

  #failed(key: string, member: Member, error: unknown): void {
    if (this.#options.signal.aborted || member.state === 'leaving') return
    this.#failures += 1
    const hints = error instanceof CliError ? error.hints : []
    this.#options.report([`${member.instance.name} could not be started: ${messageOf(error)}`, ...hints].join('\n  '))
    this.#remove(key, member)
    // What cannot be started is not tried again until the directory changes.
    this.#blocked.add(key)
  }

  #stopMember(key: string, ordinal: number): void {
    const member = [...this.#membersOf(key)].find((one) => one.ordinal === ordinal)
    if (member === undefined) return
    this.#options.report(`${member.instance.name} drains`)
    this.#remove(key, member)
  }

  #remove(key: string, member: Member): void {
    member.state = 'leaving'
    const { report } = this.#options
    const stopped = member.instance.stop(this.#hurry.signal, 'alone')
    void stopped
      .then(() => report(`${member.instance.name} is gone`))
      .catch((error: unknown) => report(`${member.instance.name}: ${messageOf(error)}`))
      .finally(() => this.#members.get(key)?.delete(member))
  }
}

function toRollout({ ordinal, instance, state }: Member): RolloutInstance {
  return { ordinal, state, fingerprint: instance.template.fingerprint }
}
