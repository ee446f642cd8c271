import { INJECT_ANNOTATION, OPAQUE_PORTS_ANNOTATION, PREFIX } from '@heddle/kube/inject/names'
import { formatAnnotationProblem, readSettings } from '@heddle/kube/inject/read-settings'
import { SETTINGS } from '@heddle/kube/inject/settings'
import type { PodObject } from '../../../client/control-pod.ts'
import { type Check, errorUnlessEmpty, type Verdict, warningUnlessEmpty } from '../check.ts'
import { judgeFact } from '../fact.ts'
import type { NamespaceFact, ProxyFacts, ServiceFact } from './cluster-facts.ts'
import { annotationsOf, hasProxy, isRunning, placeOf } from './mesh-pod.ts'

/** Whether what pods, namespaces and Services say of proxies has an effect, and the one that was meant. */
export const ANNOTATION_CHECKS: readonly Check<ProxyFacts>[] = [
  {
    id: 'data-plane-annotations',
    description: 'annotations of pods and namespaces are known and can be obeyed',
    about:
      'An annotation of `heddle.dev/` that Heddle does not know has no effect, and one whose value cannot be obeyed keeps new pods from being made. [annotations.md](annotations.md) has all of them.',
    judge: (facts) =>
      judgeFact(podsOfOthers(facts), (pods) =>
        judgeFact(facts.namespaces, (all) => judgeAnnotations(pods, all, facts)),
      ),
  },
  {
    id: 'data-plane-labels',
    description: 'labels of pods and namespaces are not meant to be annotations',
    about:
      'Heddle reads annotations. The same name as a label, as in `kubectl label namespace shop heddle.dev/inject=enabled`, has no effect. Take the label away and write the annotation: `kubectl annotate namespace shop heddle.dev/inject=enabled`.',
    judge: (facts) =>
      judgeFact(podsOfOthers(facts), (pods) =>
        judgeFact(facts.namespaces, (all) =>
          warningUnlessEmpty(
            [
              ...all
                .filter((one) => isMeant(one, facts))
                .flatMap((one) => describeLabels(`namespace ${one.name}`, one.labels)),
              ...pods.flatMap((pod) => describeLabels(placeOf(pod), pod.metadata.labels)),
            ],
            'Write them as annotations: kubectl annotate namespace NAME heddle.dev/inject=enabled, or in the pod template.',
          ),
        ),
      ),
  },
  {
    id: 'data-plane-service-annotations',
    description: 'annotations stand on pods and not on Services',
    about:
      'Annotations about the proxy of a pod have no effect on a Service, but for `heddle.dev/opaque-ports`. Move them to the pod template of the workload, or to the namespace.',
    judge: ({ services }) =>
      judgeFact(services, (all) =>
        warningUnlessEmpty(
          all.flatMap(describeMisplaced),
          'Move them to the pod template of the workload, or to the namespace.',
        ),
      ),
  },
  {
    id: 'opaque-ports',
    description: 'opaque ports are the same on all pods of a Service',
    about:
      'Pods behind one port of a Service differ in whether that port is opaque (`heddle.dev/opaque-ports`): clients are told one thing, and some of the pods do another. Give all of them the same annotation, in their pod templates or on the namespace.',
    judge: ({ services, meshPods }) =>
      judgeFact(services, (all) =>
        judgeFact(meshPods, (pods) =>
          warningUnlessEmpty(
            all.flatMap((service) => describeOpaque(service, pods)),
            `Give the pods of a Service the same ${OPAQUE_PORTS_ANNOTATION}.`,
          ),
        ),
      ),
  },
]

/** Heddle's own have annotations and labels of their own. */
function podsOfOthers({ meshPods, heddleNamespace }: ProxyFacts): ProxyFacts['meshPods'] {
  if (meshPods.kind === 'unknown') return meshPods
  return { ...meshPods, value: meshPods.value.filter(({ metadata }) => metadata.namespace !== heddleNamespace) }
}

function isMeant({ name }: NamespaceFact, { namespace, heddleNamespace }: ProxyFacts): boolean {
  return name !== heddleNamespace && (namespace === '' || namespace === name)
}

const ANNOTATIONS: ReadonlySet<string> = new Set([
  INJECT_ANNOTATION,
  ...Object.values(SETTINGS).map(({ name }) => PREFIX + name),
])

function describeLabels(what: string, labels: Readonly<Record<string, string>> = {}): readonly string[] {
  const misplaced = Object.keys(labels).filter((name) => ANNOTATIONS.has(name))
  return misplaced.map((name) => `${what} has the label ${name}, which is an annotation`)
}

function judgeAnnotations(
  pods: readonly PodObject[],
  namespaces: readonly NamespaceFact[],
  facts: ProxyFacts,
): Verdict {
  const ofNamespace = new Map(namespaces.map(({ name, annotations }) => [name, annotations]))
  const problems: string[] = []
  const warnings = namespaces.filter((one) => isMeant(one, facts)).flatMap(describeUnknown)
  for (const pod of pods) {
    const namespace = ofNamespace.get(pod.metadata.namespace ?? '') ?? {}
    const reading = readSettings({ pod: annotationsOf(pod), namespace, defaults: {} })
    if (reading.kind === 'refused')
      problems.push(...reading.problems.map((one) => `${placeOf(pod)}: ${formatAnnotationProblem(one)}`))
    else warnings.push(...reading.warnings.map((warning) => `${placeOf(pod)}: ${warning}`))
  }
  const remedy = 'See docs/reference/annotations.md for all annotations.'
  return problems.length > 0
    ? errorUnlessEmpty([...problems, ...warnings], remedy)
    : warningUnlessEmpty(warnings, remedy)
}

/** What is unknown on a namespace is unknown on each of its pods. */
function describeUnknown({ name, annotations }: NamespaceFact): readonly string[] {
  const reading = readSettings({ pod: annotations, namespace: {}, defaults: {} })
  return reading.kind === 'refused' ? [] : reading.warnings.map((warning) => `namespace ${name}: ${warning}`)
}

function describeMisplaced(service: ServiceFact): readonly string[] {
  return (
    Object.keys(annotationsOf(service))
      // The ports of a Service may be declared opaque as well.
      .filter((name) => name.startsWith(PREFIX) && name !== OPAQUE_PORTS_ANNOTATION)
      .map((name) => `Service ${placeOf(service)}: ${name}`)
  )
}

function describeOpaque(service: ServiceFact, pods: readonly PodObject[]): readonly string[] {
  const selector = Object.entries(service.spec?.selector ?? {})
  if (selector.length === 0) return []
  const behind = pods.filter(({ metadata }) => {
    return (
      metadata.namespace === service.metadata.namespace &&
      selector.every(([name, value]) => metadata.labels?.[name] === value)
    )
  })
  const own = behind.filter((pod) => isRunning(pod) && hasProxy(pod))
  return (service.spec?.ports ?? []).flatMap(({ port, targetPort = port }) => {
    const opaque = own.filter((pod) => isOpaque(pod, toNumber(targetPort, pod)))
    if (opaque.length === 0 || opaque.length === own.length) return []
    return [`port ${port} of Service ${placeOf(service)} is opaque on ${opaque.length} of ${own.length} pods`]
  })
}

function toNumber(targetPort: number | string, { spec }: PodObject): number | undefined {
  if (typeof targetPort === 'number') return targetPort
  return spec?.containers?.flatMap(({ ports = [] }) => ports).find(({ name }) => name === targetPort)?.containerPort
}

function isOpaque(pod: PodObject, port: number | undefined): boolean {
  const reading = readSettings({ pod: annotationsOf(pod), namespace: {}, defaults: {} })
  if (port === undefined || reading.kind === 'refused') return false
  return reading.settings.opaquePorts.some(({ first, last }) => port >= first && port <= last)
}
