import { addSidecar } from './add-sidecar.ts'
import type { InjectValues } from './inject-values.ts'
import { hasProxy, readStatus, removeInjection } from './injection-status.ts'
import { INJECT_ANNOTATION } from './names.ts'
import type { PodTemplate } from './pod.ts'
import { findDoubts } from './pod-doubts.ts'
import { type AnnotationProblem, annotationOf, readSettings } from './read-settings.ts'

/** A pod, and what decides on its injection. */
export interface InjectInput {
  readonly pod: PodTemplate
  /** Annotations of its namespace. */
  readonly namespaceAnnotations: Readonly<Record<string, string>>
  readonly values: InjectValues
  /** Name of the workload where the caller knows it; otherwise told from the pod's owners. */
  readonly workload?: string
  /** `always`: without `heddle.dev/inject: enabled` as well. `disabled` wins all the same. */
  readonly optIn?: 'annotated' | 'always'
  /** What becomes of an earlier injection: it stays as it is, or is replaced where it differs. */
  readonly earlier?: 'keep' | 'replace'
}

/** Why a pod was not injected. */
export type SkipReason = 'not-enabled' | 'disabled' | 'already-injected' | 'host-network' | 'unsupported-os'

/** What became of a pod. */
export type InjectOutcome =
  | { readonly kind: 'injected'; readonly pod: PodTemplate; readonly warnings: readonly string[] }
  | { readonly kind: 'skipped'; readonly reason: SkipReason; readonly message: string }
  /** Its annotations cannot be obeyed; nothing was changed. */
  | { readonly kind: 'refused'; readonly problems: readonly AnnotationProblem[] }

/** Puts a proxy into a pod, or a template of one. Pure; the webhook and `heddle inject` share it. */
export function injectPod(input: InjectInput): InjectOutcome {
  const { pod, namespaceAnnotations, values, earlier = 'keep' } = input
  const skipped = findSkip(input)
  if (skipped !== undefined) return skipped
  const status = readStatus(pod)
  if (hasProxy(pod) && (status === undefined || earlier === 'keep')) return ALREADY_INJECTED
  const clean = status === undefined ? pod : removeInjection(pod, status)
  const reading = readSettings({
    namespace: namespaceAnnotations,
    pod: clean.metadata?.annotations ?? {},
    defaults: values.defaults,
  })
  if (reading.kind === 'refused') return reading
  const { settings, warnings } = reading
  const injected = addSidecar(clean, { settings, values, workload: input.workload })
  if (hasProxy(pod) && status?.hash === readStatus(injected)?.hash) return ALREADY_INJECTED
  return { kind: 'injected', pod: injected, warnings: [...warnings, ...findDoubts(clean, settings)] }
}

type Skipped = Extract<InjectOutcome, { readonly kind: 'skipped' }>

const ALREADY_INJECTED: Skipped = {
  kind: 'skipped',
  reason: 'already-injected',
  message: 'a proxy of Heddle is in it already',
}

function findSkip({ pod, namespaceAnnotations, optIn = 'annotated' }: InjectInput): Skipped | undefined {
  const own = annotationOf(pod.metadata?.annotations ?? {}, INJECT_ANNOTATION)
  const outer = annotationOf(namespaceAnnotations, INJECT_ANNOTATION)
  if (own === 'disabled') return skip('disabled', `${INJECT_ANNOTATION} is disabled on the pod`)
  const wish = own ?? outer
  if (optIn === 'annotated') {
    if (wish === 'disabled') return skip('disabled', `${INJECT_ANNOTATION} is disabled on the namespace`)
    if (wish === undefined) return skip('not-enabled', `${INJECT_ANNOTATION} is on neither the pod nor the namespace`)
  }
  return findObstacle(pod)
}

/** What a pod is that cannot have a proxy; `undefined`: nothing. */
export function findObstacle({ spec = {} }: PodTemplate): Skipped | undefined {
  if (spec.hostNetwork === true) {
    return skip('host-network', 'it uses the network of its node (hostNetwork), whose traffic is not its own')
  }
  if (spec.os?.name !== undefined && spec.os.name !== 'linux') {
    return skip('unsupported-os', `it is for ${spec.os.name}; the proxy needs Linux`)
  }
  return undefined
}

function skip(reason: SkipReason, message: string): Skipped {
  return { kind: 'skipped', reason, message }
}
