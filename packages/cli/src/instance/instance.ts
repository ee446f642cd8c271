import { join } from 'node:path'
import { LogFile } from '../process/log-file.ts'
import type { Place } from '../site/site.ts'
import { Application } from './application.ts'
import { drainTimes } from './drain-times.ts'
import { applicationOptions, chooseAppPorts, type PlacedInstance, sidecarOptions } from './instance-programs.ts'
import type { InstanceDeps, InstanceTemplate } from './instance-template.ts'
import type { ListeningEvent } from './proxy-event.ts'
import { Sidecar } from './sidecar.ts'

/** `alone`: others carry on and must not notice; `everything`: those that it talks to end as well. */
export type StopOccasion = 'alone' | 'everything'

export type InstanceState = 'waiting' | 'network' | 'proxy' | 'application' | 'running' | 'draining' | 'stopped'

/**
 * One instance of a Workload: a place, a proxy in it, and the application, in this order; and back in the opposite one.
 */
export class Instance {
  readonly name: string
  readonly template: InstanceTemplate
  readonly #deps: InstanceDeps
  readonly #logs: LogFile[] = []
  readonly #stopping = new AbortController()
  #state: InstanceState = 'waiting'
  #place: Place | undefined
  #sidecar: Sidecar | undefined
  #listening: ListeningEvent | undefined
  #application: Application | undefined
  #appPorts: ReadonlyMap<string, number> = new Map()
  #starting: Promise<void> | undefined
  #stopped: Promise<void> | undefined

  constructor(name: string, template: InstanceTemplate, deps: InstanceDeps) {
    this.name = name
    this.template = template
    this.#deps = deps
  }

  get state(): InstanceState {
    return this.#state
  }

  /** How often proxy or application were started again. */
  get restarts(): number {
    return (this.#sidecar?.restarts ?? 0) + (this.#application?.restarts ?? 0)
  }

  /** The application has ended and its restart policy says that this is it. */
  get isOver(): boolean {
    return this.#application?.state === 'completed' || this.#application?.state === 'failed'
  }

  /** Where its application binds, for people. */
  get address(): string {
    return this.#place?.address ?? ''
  }

  /**
   * Makes its place and starts its proxy, until the mesh knows it.
   *
   * @throws {CliError} when a step fails; {@link stop} must be called then as well
   */
  prepare(): Promise<void> {
    this.#starting = this.#prepare()
    return this.#starting
  }

  /** Starts the application, after {@link prepare}. @throws {CliError} as prepare does */
  launch(): Promise<void> {
    this.#starting = this.#launch()
    return this.#starting
  }

  async #prepare(): Promise<void> {
    const { namespace } = this.template.workload.metadata
    this.#state = 'network'
    this.#place = await this.#deps.site.addPlace({ namespace, instance: this.name })
    this.#stopping.signal.throwIfAborted()
    this.#state = 'proxy'
    this.#appPorts = await chooseAppPorts(this.template, this.#deps)
    const output = this.#openLog(`${this.name}.proxy`)
    this.#sidecar = new Sidecar(sidecarOptions(this.#placedAt(this.#place), output))
    const { listening, ready } = await this.#sidecar.start(this.#stopping.signal)
    this.#listening = listening
    await ready
  }

  async #launch(): Promise<void> {
    this.#stopping.signal.throwIfAborted()
    if (this.#place === undefined || this.#listening === undefined) throw new Error('prepare() comes first')
    this.#state = 'application'
    const placed = this.#placedAt(this.#place)
    this.#application = new Application(applicationOptions(placed, this.#listening, this.#openLog(this.name)))
    await this.#application.start()
    this.#state = 'running'
  }

  /**
   * Ends the application alone, where nobody calls it: what it asks for meanwhile is still served. {@link stop} has to follow.
   */
  async quiet(hurry: AbortSignal): Promise<void> {
    this.#stopping.abort()
    await this.#starting?.catch(() => {})
    await this.#application?.stop(hurry)
  }

  /** Safe at any time and more than once; the first call decides. */
  stop(hurry: AbortSignal, occasion: StopOccasion): Promise<void> {
    this.#stopped ??= this.#stop(hurry, occasion)
    return this.#stopped
  }

  async #stop(hurry: AbortSignal, occasion: StopOccasion): Promise<void> {
    this.#state = 'draining'
    this.#stopping.abort()
    await this.#starting?.catch(() => {})
    await this.#drain(hurry, occasion)
    await this.#place?.remove()
    for (const port of this.#appPorts.values()) this.#deps.ports.release(port)
    for (const log of this.#logs) log.close()
    this.#state = 'stopped'
  }

  /**
   * The application is told to end once its proxy has drained. Connections that never end by themselves, such as gRPC's,
   * keep a proxy waiting; so half-way through its time the application is asked as well, which lets it close them in order.
   */
  async #drain(hurry: AbortSignal, occasion: StopOccasion): Promise<void> {
    const drained = new AbortController()
    const proxyGone = (this.#sidecar?.stop(hurry) ?? Promise.resolve()).finally(() => drained.abort())
    const either = AbortSignal.any([hurry, drained.signal])
    await this.#deps.clock.sleep(this.#patienceMs(occasion), either)
    await this.#application?.stop(hurry)
    await proxyGone
  }

  #patienceMs(occasion: StopOccasion): number {
    const { delayMs, drainMs } = drainTimes(this.#deps.proxyOverrides)
    return occasion === 'everything' ? delayMs : delayMs + drainMs / 2
  }

  #placedAt(place: Place): PlacedInstance {
    return { name: this.name, template: this.template, deps: this.#deps, place, appPorts: this.#appPorts }
  }

  #openLog(name: string): LogFile {
    const { namespace } = this.template.workload.metadata
    const log = new LogFile(join(this.#deps.logDirectory, `${namespace}.${name}.log`))
    this.#logs.push(log)
    return log
  }
}
