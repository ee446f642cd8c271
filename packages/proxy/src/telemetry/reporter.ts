import { randomUUID } from 'node:crypto'
import type { CertificateJson, ReportRequestJson } from '@heddle/api/telemetry'
import { type Clock, monotonicMs } from '@heddle/base/clock'
import type { Log } from '@heddle/base/log'
import type { Counter, Registry } from '@heddle/telemetry/registry'
import type { TrafficTable } from '@heddle/telemetry/traffic'
import type { ControlClient } from '../control/control-client.ts'
import { ControlError, type ControlErrorCode } from '../control/control-error.ts'
import { REPORT } from '../control/rpc.ts'
import { splitBySize } from '../control/split-by-size.ts'
import type { OnBug } from '../process/bug-log.ts'

/** What a reporter needs from outside. */
export interface ReporterDeps {
  readonly control: ControlClient
  readonly traffic: TrafficTable
  readonly source: { readonly namespace: string; readonly workload: string; readonly instance: string }
  /** The certificate in use. */
  readonly certificate: () => CertificateJson | undefined
  readonly clock: Clock
  readonly log: Log
  readonly registry: Registry
  readonly intervalMs: number
  readonly onBug: OnBug
}

/** A report is one message, and the control plane takes none above 128 KiB. One series has at most some 40 KiB. */
const MAX_SERIES_BYTES = 64 * 1024
/** What no later try can change. */
const FINAL: readonly ControlErrorCode[] = ['invalid_argument', 'resource_exhausted']
/** Also when nothing happened: the certificate is news as well, and the control plane may be a new one. */
const MAX_SILENCE_MS = 10_000
const MIN_INTERVAL_MS = 200
const MAX_INTERVAL_MS = 60_000

/**
 * Sends what was counted to the control plane every few seconds. What could not be delivered is sent again, unchanged and
 * with the same number, so that it counts once; meanwhile counting goes on and the next report covers more time.
 */
export class Reporter {
  readonly #deps: ReporterDeps
  readonly #epoch = randomUUID()
  readonly #sent: Counter
  readonly #failed: Counter
  #sequence = 0
  #undelivered: ReportRequestJson[] = []
  #intervalMs: number
  #takenMs: number
  #deliveredMs = Number.NEGATIVE_INFINITY

  constructor(deps: ReporterDeps) {
    this.#deps = deps
    this.#intervalMs = deps.intervalMs
    this.#takenMs = monotonicMs(deps.clock)
    this.#sent = deps.registry.counter('heddle_reports_total', 'Reports that the control plane took')
    this.#failed = deps.registry.counter('heddle_report_failures_total', 'Reports that could not be delivered yet')
  }

  /** Reports until `signal` is aborted. Never rejects. */
  async run(signal: AbortSignal): Promise<void> {
    while (!signal.aborted) {
      await this.#deps.clock.sleep(this.#intervalMs, signal)
      if (!signal.aborted) await this.report()
    }
  }

  /** Sends what there is now; for the end of a proxy, so that its last seconds are not lost. Never rejects. */
  async report(): Promise<void> {
    const { control, clock } = this.#deps
    try {
      if (this.#undelivered.length === 0) this.#undelivered = this.#take()
      for (let next = this.#undelivered[0]; next !== undefined; next = this.#undelivered[0]) {
        const { intervalMs = 0 } = await control.call(REPORT, next)
        this.#undelivered.shift()
        this.#sent.add()
        this.#deliveredMs = monotonicMs(clock)
        if (intervalMs > 0) this.#intervalMs = Math.min(MAX_INTERVAL_MS, Math.max(MIN_INTERVAL_MS, intervalMs))
      }
    } catch (error) {
      this.#notDelivered(error)
    }
  }

  #notDelivered(error: unknown): void {
    const { log, onBug } = this.#deps
    this.#failed.add()
    if (!(error instanceof ControlError)) {
      onBug('telemetry', error)
      // Or the next run would meet the bug with it again, and so would all later ones.
      this.#undelivered.shift()
      return
    }
    if (FINAL.includes(error.code)) this.#undelivered.shift()
    log.debug('report not delivered', { error: String(error) })
  }

  #take(): ReportRequestJson[] {
    const { traffic, clock, source, certificate } = this.#deps
    const series = traffic.takeDelta()
    const nowMs = monotonicMs(clock)
    if (series.length === 0 && nowMs - this.#deliveredMs < MAX_SILENCE_MS) return []
    const intervalMs = Math.max(1, Math.round(nowMs - this.#takenMs))
    this.#takenMs = nowMs
    const inUse = certificate()
    return splitBySize(series, MAX_SERIES_BYTES).map((part) => {
      this.#sequence += 1
      return {
        ...source,
        epoch: this.#epoch,
        sequence: String(this.#sequence),
        intervalMs,
        series: part,
        ...(inUse === undefined ? {} : { certificate: inUse }),
      }
    })
  }
}
