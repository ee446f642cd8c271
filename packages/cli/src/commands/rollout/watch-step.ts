import { ResourceKind } from '@heddle/api/admin'
import type { Clock } from '@heddle/base/clock'
import type { ControlClient } from '../../client/control-client.ts'
import { type Judgement, judgeStep, type Thresholds } from './judge-step.ts'
import type { BackendName } from './weighted-route.ts'

const LOOK_EVERY_MS = 1_000
/** As short as the control plane answers for. */
const SHORTEST_WINDOW_MS = 1_000
/**
 * A step is watched from so long after its begin: until then what is counted may be of requests from before it, because proxies report
 * every few seconds and the control plane counts in slots of five.
 */
const SETTLE_MS = 10_000

/** How a step ended, and why: one sentence. */
export interface StepEnd {
  readonly kind: 'next' | 'back' | 'interrupted' | 'taken-over'
  readonly sentence: string
}

export interface StepWatch {
  /** The backend that has to hold. */
  readonly backend: BackendName
  readonly thresholds: Thresholds
  readonly client: ControlClient
  readonly clock: Clock
  readonly signal: AbortSignal
  /** Who else has changed the route; `undefined`: nobody. */
  findStranger(): Promise<string | undefined>
  say(text: string): void
}

/** Watches a step that begins now until it is decided. */
export async function watchStep(watch: StepWatch): Promise<StepEnd> {
  const { clock, signal, thresholds } = watch
  const startUs = clock.monotonicUs()
  let hasWarned = false
  for (;;) {
    await clock.sleep(LOOK_EVERY_MS, signal)
    if (signal.aborted) return { kind: 'interrupted', sentence: 'interrupted' }
    const stranger = await watch.findStranger()
    if (stranger !== undefined) return { kind: 'taken-over', sentence: stranger }
    const elapsedMs = (clock.monotonicUs() - startUs) / 1000 - SETTLE_MS
    if (elapsedMs <= 0) continue
    const { kind, sentence } = await judge(watch, elapsedMs)
    if (kind !== 'hold') return { kind, sentence }
    if (elapsedMs < thresholds.intervalMs || hasWarned) continue
    watch.say(`  waiting for more traffic: ${sentence}`)
    hasWarned = true
  }
}

async function judge({ client, backend, thresholds }: StepWatch, elapsedMs: number): Promise<Judgement> {
  const missing = await findMissing(client, backend)
  if (missing !== undefined) return { kind: 'back', sentence: missing }
  const { name, namespace } = backend
  const resource = { kind: ResourceKind.SERVICE, namespace, name }
  const windowMs = Math.max(SHORTEST_WINDOW_MS, Math.floor(elapsedMs))
  const { rows } = await client.admin.stat({ resource, windowMs })
  return judgeStep(rows[0], elapsedMs, thresholds)
}

/** Says that a Service has no endpoint: then it answers nothing, so that nothing is measured of it either. */
export async function findMissing(
  { admin }: ControlClient,
  { name, namespace }: BackendName,
): Promise<string | undefined> {
  const { endpoints } = await admin.listEndpoints({ namespace, service: name })
  return endpoints.some(({ ready }) => ready) ? undefined : `no endpoint of ${name}.${namespace} is ready`
}
