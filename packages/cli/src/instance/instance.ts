import { join } from 'node:path'
import { formatNameKey } from '@heddle/api/destination-key'
import type { Workload } from '@heddle/api/kinds/workload'
import type { Clock } from '@heddle/base/clock'
import { applicationPath } from '../process/find-executable.ts'
import type { PortPicker } from '../process/free-port.ts'
import { LogFile } from '../process/log-file.ts'
import type { Place, Site } from '../site/site.ts'
import { Application } from './application.ts'
import { resolveEnvironment, type ServicePorts, type ServiceReference } from './environment.ts'
import type { ControlAccess, SidecarPort } from './proxy-environment.ts'
import type { ListeningEvent } from './proxy-event.ts'
import { type ProcessRecord, Sidecar } from './sidecar.ts'

/** What all instances of one Workload have in common, at one version of its manifest. */
export interface InstanceTemplate {
  readonly workload: Workload
  /** Absolute. */
  readonly workingDirectory: string
  readonly upstreams: readonly ServiceReference[]
  readonly servicePorts: ServicePorts
  /** Differs when an instance has to be replaced for the change to take effect. */
  readonly fingerprint: string
}

/** What instances need from outside. */
export interface InstanceDeps {
  readonly site: Site
  readonly control: Pick<ControlAccess, 'trustDomain' | 'identity'>
  mintToken(namespace: string, serviceAccount: string): Promise<string>
  readonly ports: PortPicker
  readonly logDirectory: string
  readonly record: ProcessRecord
  readonly clock: Clock
  /** The user's environment, which applications inherit. */
  readonly env: Readonly<Record<string, string | undefined>>
  /** `HEDDLE_*` variables for every proxy. */
  readonly proxyOverrides: Readonly<Record<string, string>>
  report(line: string): void
}

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
    this.#appPorts = await this.#chooseAppPorts()
    const sidecar = this.#createSidecar(this.#place)
    this.#sidecar = sidecar
    const { listening, ready } = await sidecar.start(this.#stopping.signal)
    this.#listening = listening
    await ready
  }

  async #launch(): Promise<void> {
    this.#stopping.signal.throwIfAborted()
    if (this.#place === undefined || this.#listening === undefined) throw new Error('prepare() comes first')
    this.#state = 'application'
    this.#application = this.#createApplication(this.#place, this.#listening)
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
    const { HEDDLE_DRAIN_DELAY_MS, HEDDLE_DRAIN_MS } = this.#deps.proxyOverrides
    const delayMs = Number(HEDDLE_DRAIN_DELAY_MS || 1_000)
    return occasion === 'everything' ? delayMs : delayMs + Number(HEDDLE_DRAIN_MS || 5_000) / 2
  }

  /** In explicit mode the application shares loopback with everything else, so it is told where to listen. */
  async #chooseAppPorts(): Promise<ReadonlyMap<string, number>> {
    const { ports } = this.template.workload.spec
    const chosen = new Map<string, number>()
    for (const { name, port } of ports) {
      chosen.set(name, this.#deps.site.mode === 'explicit' ? await this.#deps.ports.pick() : port)
    }
    return chosen
  }

  #createSidecar(place: Place): Sidecar {
    const { site, control, mintToken, record, clock, proxyOverrides, report } = this.#deps
    const { metadata, spec } = this.template.workload
    return new Sidecar({
      mode: site.mode,
      identity: {
        namespace: metadata.namespace,
        workload: metadata.name,
        instance: this.name,
        serviceAccount: spec.serviceAccount,
        labels: metadata.labels,
        ...(spec.locality === undefined ? {} : { locality: spec.locality }),
      },
      control: { ...control, address: place.controlAddress },
      ports: spec.ports.map(({ name, port }) => this.#sidecarPort(name, port, place)),
      upstreams: this.template.upstreams.map((reference) => ({ key: formatNameKey(reference, reference.port) })),
      advertised: place.advertised,
      ...(spec.healthCheck === undefined ? {} : { healthCheck: spec.healthCheck }),
      overrides: proxyOverrides,
      place,
      runtime: site.runtime,
      mintToken: () => mintToken(metadata.namespace, spec.serviceAccount),
      output: this.#openLog(`${this.name}.proxy`),
      record,
      clock,
      report,
    })
  }

  #sidecarPort(name: string, port: number, place: Place): SidecarPort {
    if (this.#deps.site.mode === 'transparent') return { name, port }
    return { name, port, app: `${place.address}:${this.#appPorts.get(name)}` }
  }

  #createApplication(place: Place, listening: ListeningEvent): Application {
    const { record, clock, report } = this.#deps
    const { spec } = this.template.workload
    return new Application({
      name: this.name,
      command: place.applicationCommand([...(spec.command ?? []), ...spec.args]),
      env: this.#environment(place, listening),
      cwd: this.template.workingDirectory,
      restartPolicy: spec.restartPolicy,
      terminationGraceMs: spec.terminationGracePeriodSeconds * 1000,
      output: this.#openLog(this.name),
      record,
      clock,
      report,
    })
  }

  #environment(place: Place, listening: ListeningEvent): Readonly<Record<string, string>> {
    const { env } = this.#deps
    const { metadata, spec } = this.template.workload
    const facts = {
      instance: this.name,
      namespace: metadata.namespace,
      serviceAccount: spec.serviceAccount,
      address: place.address,
      ports: this.#appPorts,
      upstreams: this.#upstreamAddresses(listening),
    }
    const inherited = Object.entries(env).filter(([name, value]) => value !== undefined && !name.startsWith('HEDDLE_'))
    return {
      ...(Object.fromEntries(inherited) as Record<string, string>),
      PATH: applicationPath(this.template.workingDirectory, env.PATH ?? ''),
      ...resolveEnvironment(spec.env, facts, this.template.servicePorts),
    }
  }

  /** Transparent: the name as the hosts file has it. Explicit: the proxy's own listener for it. */
  #upstreamAddresses(listening: ListeningEvent): ReadonlyMap<string, string> {
    if (this.#deps.site.mode === 'explicit') {
      return new Map(listening.outbound.map(({ key, address }) => [key ?? '', address]))
    }
    const pairs = this.template.upstreams.map((reference) => {
      const { name, namespace, port } = reference
      return [formatNameKey(reference, port), `${name}.${namespace}:${port}`] as const
    })
    return new Map(pairs)
  }

  #openLog(name: string): LogFile {
    const { namespace } = this.template.workload.metadata
    const log = new LogFile(join(this.#deps.logDirectory, `${namespace}.${name}.log`))
    this.#logs.push(log)
    return log
  }
}
