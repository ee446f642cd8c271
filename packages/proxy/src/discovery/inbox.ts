import type { LocalityJson, ServiceJson, WatchResponseJson } from '@heddle/api/discovery'
import type { Log } from '@heddle/base/log'
import { messageOf } from '@heddle/base/message-of'
import { readPemCertificates } from '@heddle/identity/certificate'
import type { OnBug } from '../process/bug-log.ts'
import { LaterCode } from '../routing/later-code.ts'
import type { DestinationTable } from './destination-table.ts'
import type { DiscoveryCounters } from './discovery-counters.ts'
import type { InboundPorts } from './inbound-ports.ts'
import type { OpenStream } from './open-stream.ts'

/** What messages change, and who hears of it. */
export interface InboxDeps {
  readonly table: DestinationTable
  readonly inbound: InboundPorts
  /** Where the instance is: becomes what the control plane says. */
  readonly here: { region: string; zone: string }
  /** A new bundle of what to trust came. */
  readonly onTrust: (trustBundlePem: string) => void
  readonly counters: DiscoveryCounters
  readonly onBug: OnBug
  readonly log: Log
}

/** Applies what the control plane says: message by message in their order, each of them whole or not at all. */
export class Inbox {
  readonly #deps: InboxDeps
  readonly #later = new LaterCode()
  readonly #ready = Promise.withResolvers<void>()
  #isReady = false
  /** Messages that wait for what they need to be understood, and those behind them. */
  #waiting: Promise<void> | undefined

  constructor(deps: InboxDeps) {
    this.#deps = deps
  }

  /** Resolves when the first message was applied. */
  get ready(): Promise<void> {
    return this.#ready.promise
  }

  get isReady(): boolean {
    return this.#isReady
  }

  /** Applies a message, at once or once what it needs was loaded, and says so to the stream on which it came. */
  take(message: WatchResponseJson, stream: OpenStream | undefined): void {
    const mayBeTaken = this.#waiting === undefined && this.#later.isReadyFor(servicesOf(message))
    if (mayBeTaken) this.#takeNow(message, stream)
    else this.#takeLater(message, stream)
  }

  #takeLater(message: WatchResponseJson, stream: OpenStream | undefined): void {
    const before = this.#waiting ?? Promise.resolve()
    const taking = before
      .then(() => this.#later.loadFor(servicesOf(message)))
      .catch((error: unknown) =>
        this.#deps.log.error('no code for what is attached to Services', { error: String(error) }),
      )
      .then(() => {
        if (this.#waiting === taking) this.#waiting = undefined
        this.#takeNow(message, stream)
      })
      .catch((error: unknown) => {
        this.#deps.onBug('discovery', error)
        stream?.broken(error)
      })
    this.#waiting = taking
  }

  #takeNow(message: WatchResponseJson, stream: OpenStream | undefined): void {
    const { counters, log } = this.#deps
    const { sequence = '0' } = message
    const problems = this.#apply(message)
    counters.messages.add()
    stream?.acknowledge(sequence, problems)
    if (problems.length === 0) {
      this.#isReady = true
      this.#ready.resolve()
      return
    }
    counters.refused.add()
    log.error('message of the control plane refused', { sequence, problems })
  }

  #apply(message: WatchResponseJson): readonly string[] {
    const { updates = [], trustBundlePem = '', inbound } = message
    const trustProblem = trustBundlePem === '' ? undefined : problemOfBundle(trustBundlePem)
    if (trustProblem !== undefined) return [trustProblem]
    // It is not told again: what else is wrong with the message must not hold it back.
    if (trustBundlePem !== '') this.#deps.onTrust(trustBundlePem)
    // First, so that what comes with it is already weighed from there.
    this.#place(inbound?.locality)
    const { problems } = this.#deps.table.apply(updates, this.#later.loaded)
    if (problems.length > 0) return problems
    if (inbound !== undefined) this.#deps.inbound.replace(inbound)
    return []
  }

  /** A control plane that says nothing of it leaves what the instance knows itself. */
  #place({ region = '', zone = '' }: LocalityJson = {}): void {
    if (region === '' && zone === '') return
    const { here } = this.#deps
    here.region = region
    here.zone = zone
  }
}

function servicesOf({ updates = [] }: WatchResponseJson): readonly ServiceJson[] {
  return updates.flatMap(({ destination }) => destination?.service ?? [])
}

function problemOfBundle(pem: string): string | undefined {
  try {
    readPemCertificates(pem)
    return undefined
  } catch (error) {
    return `trust bundle: ${messageOf(error)}`
  }
}
