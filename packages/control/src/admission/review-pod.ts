import { quoted } from '@heddle/api/manifest/finding'
import { injectPod } from '@heddle/kube/inject'
import { SKIPPED_ANNOTATION } from '@heddle/kube/inject/names'
import type { PodTemplate } from '@heddle/kube/inject/pod'
import type { InjectValues } from '@heddle/kube/inject/values'
import { diffJson } from '@heddle/kube/json-patch'
import type { AdmissionRequest, Verdict } from './admission-review.ts'

/** What the injection of a pod depends on beside itself. */
export interface PodSurroundings {
  readonly namespaceAnnotations: Readonly<Record<string, string>>
  readonly values: InjectValues
}

/** What became of a pod, for the counter: each value of its label. */
export type PodOutcome = 'injected' | 'skipped' | 'refused'

/** Decides on a pod that is being made: with a proxy, without, or not at all. Pure. */
export function reviewPod(
  { object = {} }: AdmissionRequest,
  surroundings: PodSurroundings,
): { readonly verdict: Verdict; readonly outcome: PodOutcome } {
  const pod = object as PodTemplate
  const outcome = injectPod({ ...surroundings, pod })
  switch (outcome.kind) {
    case 'injected': {
      const patch = diffJson(pod, outcome.pod)
      return { verdict: { kind: 'allowed', patch, warnings: outcome.warnings.map(told) }, outcome: 'injected' }
    }
    case 'skipped': {
      if (outcome.reason !== 'host-network' && outcome.reason !== 'unsupported-os') {
        return { verdict: { kind: 'allowed' }, outcome: 'skipped' }
      }
      // Somebody asked for a proxy and gets none: that is told where the pod is looked at.
      const patch = diffJson(pod, marked(pod, outcome.reason))
      const warnings = [told(`no proxy: ${outcome.message}`)]
      return { verdict: { kind: 'allowed', patch, warnings }, outcome: 'skipped' }
    }
    case 'refused': {
      const reasons = outcome.problems.map(({ annotation, value, reason }) => {
        return { field: `metadata.annotations["${annotation}"]`, reason: `${quoted(value)}: ${reason}` }
      })
      return { verdict: { kind: 'denied', reasons }, outcome: 'refused' }
    }
  }
}

function marked(pod: PodTemplate, reason: string): PodTemplate {
  const { metadata = {} } = pod
  return { ...pod, metadata: { ...metadata, annotations: { ...metadata.annotations, [SKIPPED_ANNOTATION]: reason } } }
}

/** Warnings of several webhooks stand below each other. */
function told(warning: string): string {
  return `heddle: ${warning}`
}
