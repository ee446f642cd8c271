import { isMap } from '@heddle/base/is-map'
import { type InjectInput, type InjectOutcome, injectPod, type SkipReason } from './inject-pod.ts'
import { PREFIX } from './names.ts'
import type { PodTemplate } from './pod.ts'
import type { AnnotationProblem } from './read-settings.ts'
import { isList, type Manifest, replaceAt, templatePathOf, valueAt } from './workload-kinds.ts'

/** What decides on the injection of workloads. */
export interface WorkloadRules extends Pick<InjectInput, 'values' | 'namespaceAnnotations' | 'optIn' | 'earlier'> {
  /** Put on each pod template first, by their whole names. */
  readonly annotations?: Readonly<Record<string, string>>
}

/** What became of one object, or of one item of a List. */
export interface WorkloadReport {
  readonly kind: string
  readonly name: string
  readonly outcome: WorkloadOutcome
}

/** Why an object was not changed. */
export type WorkloadSkipReason = SkipReason | 'unsupported-kind' | 'already-annotated' | 'not-injected'

/** What became of an object. */
export type WorkloadOutcome =
  | { readonly kind: 'changed'; readonly warnings: readonly string[] }
  | { readonly kind: 'skipped'; readonly reason: WorkloadSkipReason; readonly message: string }
  | { readonly kind: 'refused'; readonly problems: readonly AnnotationProblem[] }

/** An object as it is to be, with what was done to it; of a List, a report for each item. */
export interface WorkloadChange {
  readonly object: Manifest
  readonly reports: readonly WorkloadReport[]
}

/** What is done to a pod or a template of one: another one, or why it stays. */
export type TemplateChange =
  | { readonly kind: 'changed'; readonly template: PodTemplate; readonly warnings: readonly string[] }
  | Exclude<WorkloadOutcome, { readonly kind: 'changed' }>

/**
 * Puts proxies into the pods of a Pod, Deployment, StatefulSet, DaemonSet, ReplicaSet, Job, CronJob, ReplicationController or List;
 * what makes no pods stays as it is. Pure.
 */
export function injectWorkload(object: Manifest, rules: WorkloadRules): WorkloadChange {
  return changeTemplates(object, (template, owner) => {
    return toChange(injectPod({ ...rules, pod: withAnnotations(template, rules.annotations), ...nameOf(owner) }))
  })
}

function withAnnotations(template: PodTemplate, annotations: WorkloadRules['annotations']): PodTemplate {
  if (annotations === undefined || Object.keys(annotations).length === 0) return template
  const { metadata = {} } = template
  return { ...template, metadata: { ...metadata, annotations: { ...metadata.annotations, ...annotations } } }
}

/** A pod is told by its owners or its own name; a template of one by the object that it is in. */
function nameOf({ kind, metadata }: Manifest): { readonly workload?: string } {
  const name = metadata?.name
  return kind === 'Pod' || typeof name !== 'string' ? {} : { workload: name }
}

function toChange(outcome: InjectOutcome): TemplateChange {
  if (outcome.kind !== 'injected') return outcome
  return { kind: 'changed', template: outcome.pod, warnings: outcome.warnings }
}

/** Changes the pod templates of an object and of the items of a List. */
export function changeTemplates(
  object: Manifest,
  change: (template: PodTemplate, owner: Manifest) => TemplateChange,
): WorkloadChange {
  if (isList(object)) {
    const changes = object.items.map((item) => changeTemplates(isMap(item) ? item : {}, change))
    if (changes.every((one, i) => one.object === object.items[i])) {
      return { object, reports: changes.flatMap(({ reports }) => reports) }
    }
    const items = changes.map((one, i) => (isMap(object.items[i]) ? one.object : object.items[i]))
    return { object: { ...object, items }, reports: changes.flatMap(({ reports }) => reports) }
  }
  const title = { kind: String(object.kind ?? 'object'), name: String(object.metadata?.name ?? '') }
  const path = templatePathOf(object)
  const template = path === undefined ? undefined : valueAt(object, path)
  if (path === undefined || !isMap(template)) return { object, reports: [{ ...title, outcome: UNSUPPORTED }] }
  const changed = change(template, object)
  if (changed.kind !== 'changed') return { object, reports: [{ ...title, outcome: changed }] }
  const warnings = [...changed.warnings, ...(path.length === 0 ? [] : findMisplaced(object))]
  const outcome: WorkloadOutcome = { kind: 'changed', warnings }
  return { object: replaceAt(object, path, changed.template), reports: [{ ...title, outcome }] }
}

/** Whoever annotates a Deployment itself means its pods. */
function findMisplaced({ metadata }: Manifest): readonly string[] {
  const { annotations } = metadata ?? {}
  const names = isMap(annotations) ? Object.keys(annotations).filter((name) => name.startsWith(PREFIX)) : []
  return names.map((name) => `annotation ${name} has no effect here: it belongs to the pod template's metadata`)
}

const UNSUPPORTED: WorkloadOutcome = { kind: 'skipped', reason: 'unsupported-kind', message: 'it makes no pods' }
