import { quoted } from '@heddle/api/manifest/finding'
import { nearest } from '@heddle/api/manifest/nearest'
import { INJECT_ANNOTATION, PREFIX, SKIPPED_ANNOTATION, STATUS_ANNOTATION } from './names.ts'
import type { Setting } from './setting.ts'
import { type InjectSettings, SETTINGS } from './settings.ts'

type Annotations = Readonly<Record<string, string>>

/** Where annotations come from, the nearest last. */
export interface AnnotationSources {
  readonly namespace: Annotations
  readonly pod: Annotations
  /** Of the installed mesh, by names without prefix. */
  readonly defaults: Annotations
}

/** Settings in force, or all that is wrong with the annotations. */
export type SettingsReading =
  | { readonly kind: 'read'; readonly settings: InjectSettings; readonly warnings: readonly string[] }
  | { readonly kind: 'refused'; readonly problems: readonly AnnotationProblem[] }

/** An annotation that cannot be obeyed. */
export interface AnnotationProblem {
  readonly annotation: string
  readonly value: string
  /** One sentence, without annotation and value. */
  readonly reason: string
}

/** `heddle.dev/proxy-mode="nativ": expected one of ...; it is on the pod`. */
export function formatAnnotationProblem({ annotation, value, reason }: AnnotationProblem): string {
  return `${annotation}=${quoted(value)}: ${reason}`
}

/** Reads what is in force for a pod: its own annotations go before those of its namespace, these before the defaults. */
export function readSettings(sources: AnnotationSources): SettingsReading {
  const problems: AnnotationProblem[] = []
  const entries = Object.entries<Setting<unknown>>(SETTINGS).map(([property, setting]) => {
    const { text, where } = findText(setting, sources)
    try {
      return [property, setting.parse(text.trim())]
    } catch (error) {
      if (!(error instanceof RangeError)) throw error
      const why = error.message === '' ? '' : ` (${error.message})`
      problems.push({
        annotation: PREFIX + setting.name,
        value: text,
        reason: `expected ${setting.expects}${why}; it is ${where}`,
      })
      return [property, undefined]
    }
  })
  problems.push(...findWrongInject(sources))
  if (problems.length > 0) return { kind: 'refused', problems }
  return { kind: 'read', settings: Object.fromEntries(entries) as InjectSettings, warnings: findUnknown(sources.pod) }
}

interface FoundText {
  readonly text: string
  readonly where: string
}

function findText({ name, fallback }: Setting<unknown>, { pod, namespace, defaults }: AnnotationSources): FoundText {
  const annotation = PREFIX + name
  const [own, outer, installed] = [
    annotationOf(pod, annotation),
    annotationOf(namespace, annotation),
    annotationOf(defaults, name),
  ]
  if (own !== undefined) return { text: own, where: 'on the pod' }
  if (outer !== undefined) return { text: outer, where: 'on the namespace' }
  return { text: installed ?? fallback, where: 'a default of the installed mesh' }
}

const INJECT_VALUES: readonly string[] = ['enabled', 'disabled']

function findWrongInject({ pod, namespace }: AnnotationSources): readonly AnnotationProblem[] {
  return [
    { value: annotationOf(pod, INJECT_ANNOTATION), where: 'on the pod' },
    { value: annotationOf(namespace, INJECT_ANNOTATION), where: 'on the namespace' },
  ].flatMap(({ value, where }) => {
    if (value === undefined || INJECT_VALUES.includes(value)) return []
    const reason = `expected one of \`enabled\`, \`disabled\`; it is ${where}`
    return { annotation: INJECT_ANNOTATION, value, reason }
  })
}

const KNOWN: ReadonlySet<string> = new Set([
  INJECT_ANNOTATION,
  STATUS_ANNOTATION,
  SKIPPED_ANNOTATION,
  ...Object.values(SETTINGS).map(({ name }) => PREFIX + name),
])

/** Nobody misspells more; whoever may ask the webhook can send a hundred thousand, and to look for what was meant takes a while. */
const MOST_MEANT = 16

/** Who writes `heddle.dev/opaque-port` should not have to find out why it does nothing. */
function findUnknown(annotations: Annotations): readonly string[] {
  return Object.keys(annotations)
    .filter((name) => name.startsWith(PREFIX) && !KNOWN.has(name))
    .map((name, at) => {
      const meant = at < MOST_MEANT ? nearest(name, KNOWN) : undefined
      return `annotation ${name} has no effect on a pod${meant === undefined ? '' : `; did you mean ${meant}?`}`
    })
}

/** Annotations come from outside: `constructor` is no annotation unless it was written. */
export function annotationOf(annotations: Annotations, name: string): string | undefined {
  const value: unknown = Object.hasOwn(annotations, name) ? annotations[name] : undefined
  return typeof value === 'string' ? value : undefined
}
