import { findObstacle } from './inject-pod.ts'
import { changeTemplates, type TemplateChange, type WorkloadChange } from './inject-workload.ts'
import { hasProxy, readStatus, removeInjection } from './injection-status.ts'
import { INJECT_ANNOTATION, PREFIX } from './names.ts'
import type { PodTemplate } from './pod.ts'
import { findDoubts } from './pod-doubts.ts'
import { annotationOf, readSettings } from './read-settings.ts'
import { SETTINGS } from './settings.ts'
import type { Manifest } from './workload-kinds.ts'

type Annotations = Readonly<Record<string, string>>

/**
 * Gives annotations of ours to the pod template of a workload, or to a Namespace; the webhook does the rest when pods are made. What is
 * disabled, has a proxy already or cannot have one stays as it is. Pure.
 *
 * @param wanted - by their whole names, {@link INJECT_ANNOTATION} among them
 */
export function annotateWorkload(object: Manifest, wanted: Annotations): WorkloadChange {
  if (isNamespace(object)) return changeNamespace(object, (holder) => annotate(holder, wanted))
  return changeTemplates(object, (template) => annotate(template, wanted))
}

/** Takes out what injection or {@link annotateWorkload} put in. Pure. */
export function uninjectWorkload(object: Manifest): WorkloadChange {
  return isNamespace(object) ? changeNamespace(object, clean) : changeTemplates(object, clean)
}

function isNamespace({ apiVersion, kind }: Manifest): boolean {
  return apiVersion === 'v1' && kind === 'Namespace'
}

/** Of a Namespace its own annotations are meant. */
function changeNamespace(object: Manifest, change: (holder: PodTemplate) => TemplateChange): WorkloadChange {
  const changed = change(object as PodTemplate)
  return { object: changed.kind === 'changed' ? changed.template : object, reports: [reportOf(object, changed)] }
}

function reportOf({ kind, metadata }: Manifest, change: TemplateChange): WorkloadChange['reports'][number] {
  const outcome = change.kind === 'changed' ? { kind: change.kind, warnings: change.warnings } : change
  return { kind: String(kind), name: String(metadata?.name ?? ''), outcome }
}

function annotate(holder: PodTemplate, wanted: Annotations): TemplateChange {
  const { metadata = {} } = holder
  const own = metadata.annotations ?? {}
  if (annotationOf(own, INJECT_ANNOTATION) === 'disabled') {
    return { kind: 'skipped', reason: 'disabled', message: `${INJECT_ANNOTATION} is disabled on it` }
  }
  const obstacle = findObstacle(holder)
  if (obstacle !== undefined) return obstacle
  if (hasProxy(holder))
    return { kind: 'skipped', reason: 'already-injected', message: 'a proxy of Heddle is in it already' }
  const annotations = { ...own, ...wanted }
  const reading = readSettings({ pod: annotations, namespace: {}, defaults: {} })
  if (reading.kind === 'refused') return reading
  if (Object.entries(wanted).every(([name, value]) => annotationOf(own, name) === value)) {
    return { kind: 'skipped', reason: 'already-annotated', message: 'it asks for injection already' }
  }
  return {
    kind: 'changed',
    template: { ...holder, metadata: { ...metadata, annotations } },
    warnings: [...reading.warnings, ...findDoubts(holder, reading.settings)],
  }
}

const OURS: ReadonlySet<string> = new Set([
  INJECT_ANNOTATION,
  ...Object.values(SETTINGS).map(({ name }) => PREFIX + name),
])

function clean(holder: PodTemplate): TemplateChange {
  const status = readStatus(holder)
  const bare = status === undefined ? holder : removeInjection(holder, status)
  const { annotations = {}, ...metadata } = bare.metadata ?? {}
  const kept = Object.entries(annotations).filter(([name]) => !OURS.has(name))
  if (status === undefined && kept.length === Object.keys(annotations).length) {
    return { kind: 'skipped', reason: 'not-injected', message: 'nothing of Heddle is in it' }
  }
  const rest = kept.length === 0 ? metadata : { ...metadata, annotations: Object.fromEntries(kept) }
  return { kind: 'changed', template: { ...bare, metadata: rest }, warnings: [] }
}
