import type { ProxyStatus } from '@heddle/api/admin'
import { INJECT_ANNOTATION, PROXY_CONTAINER, SKIPPED_ANNOTATION } from '@heddle/kube/inject/names'
import type { ContainerStatus, PodObject } from '../../../client/control-pod.ts'
import { type Category, errorUnlessEmpty, warningUnlessEmpty } from '../check.ts'
import { judgeFact } from '../fact.ts'
import { describeEdge, judgeApplied, judgeCertificates } from '../workload-checks.ts'
import { ANNOTATION_CHECKS } from './annotation-checks.ts'
import type { NamespaceFact, ProxyFacts } from './cluster-facts.ts'
import { annotationsOf, hasProxy, isRunning, placeOf } from './mesh-pod.ts'
import { NODE_AGENT_CHECK } from './node-agent-check.ts'

const RESTART = 'Restart the workload, so that its pods are made anew: kubectl -n NAMESPACE rollout restart deploy/NAME'
const DISABLE = `They cannot have one. To say that this is meant, annotate their templates with ${INJECT_ANNOTATION}: disabled`

/** Whether the proxies in pods do their work. */
export const DATA_PLANE: Category<ProxyFacts> = {
  name: 'heddle-data-plane',
  checks: [
    {
      id: 'data-plane-namespace',
      description: 'data plane namespace exists',
      about: 'There is no namespace of the name given with `-n`.',
      isFatal: true,
      judge: ({ namespace, namespaces }) =>
        judgeFact(namespaces, (all) =>
          errorUnlessEmpty(
            namespace === '' || all.some(({ name }) => name === namespace)
              ? []
              : [`there is no namespace "${namespace}"`],
            'Name another with -n NAME, or leave it out for all.',
          ),
        ),
    },
    {
      id: 'data-plane-exists',
      description: 'there are pods with a proxy',
      about:
        'No pod has a proxy. Annotate a namespace or a workload with `heddle.dev/inject: enabled` (`heddle inject` does it), and restart what runs already.',
      judge: ({ meshPods }) =>
        judgeFact(meshPods, (pods) =>
          warningUnlessEmpty(
            pods.some(hasProxy) ? [] : ['no pod has one'],
            'kubectl -n NAMESPACE get deploy -o yaml | heddle inject - | kubectl apply -f -',
          ),
        ),
    },
    {
      id: 'data-plane-proxies-ready',
      description: 'data plane proxies are ready',
      about:
        'A proxy is ready once it has a certificate and has heard of the control plane. Until then its pod gets no traffic. The log of the proxy says what it waits for: `kubectl -n NAMESPACE logs POD -c heddle-proxy`.',
      judge: ({ meshPods }) =>
        judgeFact(meshPods, (pods) =>
          errorUnlessEmpty(
            pods.filter(hasProxy).filter(isRunning).flatMap(describeProxy),
            `Look at its log: kubectl -n NAMESPACE logs POD -c ${PROXY_CONTAINER}`,
          ),
        ),
    },
    {
      id: 'data-plane-injected',
      description: 'pods that are to have a proxy have one',
      about:
        'The namespace or the pod asks for a proxy by `heddle.dev/inject: enabled`, and the pod has none: it was made before the annotation, or while the webhook was away (restart the workload), or it cannot have one (host network, Windows). The annotation `heddle.dev/inject-skipped` on the pod has the reason.',
      judge: ({ meshPods, namespaces }) =>
        judgeFact(meshPods, (pods) =>
          judgeFact(namespaces, (all) => {
            const without = findWithout(pods, all)
            const mayHave = without.some((pod) => annotationsOf(pod)[SKIPPED_ANNOTATION] === undefined)
            return warningUnlessEmpty(without.map(describeWithout), mayHave ? RESTART : DISABLE)
          }),
        ),
    },
    {
      id: 'data-plane-connected',
      description: 'data plane proxies are connected to the control plane',
      about:
        'Such a proxy keeps serving with what it knows, but learns of no new endpoint and renews no certificate. Its log says why it cannot connect; a NetworkPolicy that keeps its namespace from port 15010 of the control plane is the usual cause, or a root that was replaced since its pod was made. Proxies that have just started are passed over.',
      judge: (facts) =>
        judgeFact(facts.control, ({ proxies }) =>
          judgeFact(facts.meshPods, (pods) =>
            errorUnlessEmpty(
              findUnconnected(pods, proxies, facts).map((pod) => `${placeOf(pod)} is not connected`),
              `Look at its log: kubectl -n NAMESPACE logs POD -c ${PROXY_CONTAINER}`,
            ),
          ),
        ),
    },
    {
      id: 'data-plane-configuration',
      description: 'configuration is applied on all proxies',
      about:
        'Proxies that have not acknowledged what they were told last, and those that refused it with their reasons. A proxy that refuses keeps its last good state.',
      judge: (facts) =>
        judgeFact(facts.control, (mesh) =>
          judgeApplied({ ...mesh, proxies: mesh.proxies.filter((one) => isMeant(one, facts)) }),
        ),
    },
    {
      id: 'data-plane-certificates',
      description: 'data plane certificates are valid, and renewed in time',
      about:
        'An error for expired certificates, a warning for those with less than a fifth of their life left: they are renewed at 70 % of it, so that renewal has failed several times. `heddle identity` shows all of them.',
      judge: (facts) =>
        judgeFact(facts.control, (mesh) =>
          judgeCertificates({ ...mesh, workloads: mesh.workloads.filter((one) => isMeant(one, facts)) }),
        ),
    },
    {
      id: 'data-plane-version',
      description: 'data plane proxies and control plane are of the same version',
      about: 'A warning: these pods were made before the last upgrade. They get the new proxy when they are made anew.',
      judge: (facts) =>
        judgeFact(facts.control, ({ proxies, version }) =>
          warningUnlessEmpty(
            proxies
              .filter((one) => isMeant(one, facts) && one.connected && one.proxyVersion !== version.version)
              .map(
                ({ namespace, instance, proxyVersion }) =>
                  `${namespace}/${instance} is ${proxyVersion || 'unknown'}, the control plane ${version.version}`,
              ),
            RESTART,
          ),
        ),
    },
    NODE_AGENT_CHECK,
    ...ANNOTATION_CHECKS,
    {
      id: 'data-plane-secured',
      description: 'traffic between workloads is mTLS',
      about:
        'A warning for traffic of the last minutes that was not mTLS, with the reason: `destination_unmeshed` (it left the mesh), `peer_not_meshed` (the other end has no proxy). `heddle edges` shows all of it.',
      judge: (facts) =>
        judgeFact(facts.control, ({ edges }) =>
          warningUnlessEmpty(
            edges
              .filter(({ srcNamespace, dstNamespace, secured }) => {
                return !secured && (facts.namespace === '' || [srcNamespace, dstNamespace].includes(facts.namespace))
              })
              .map(describeEdge),
            'Give both ends a proxy. What leaves the mesh, or comes from outside, stays as the application sends it.',
          ),
        ),
    },
  ],
}

function isMeant({ namespace }: { readonly namespace: string }, facts: ProxyFacts): boolean {
  return facts.namespace === '' || facts.namespace === namespace
}

/** So long after its start a proxy may be known to the API server and not yet have been when the control plane was asked. */
const JUST_STARTED_MS = 30_000

/** The pods are what is gone by: the control plane forgets a proxy seconds after it has lost it. Those that are not ready are named as such. */
function findUnconnected(pods: readonly PodObject[], proxies: readonly ProxyStatus[], facts: ProxyFacts) {
  const connected = new Set(
    proxies.filter((one) => one.connected).map(({ namespace, instance }) => `${namespace}/${instance}`),
  )
  const hadTime = (pod: PodObject) => {
    const { ready, state } = proxyOf(pod) ?? {}
    const startedMs = Date.parse(state?.running?.startedAt ?? '') || 0
    return ready === true && facts.nowMs - startedMs > JUST_STARTED_MS
  }
  return pods
    .filter((pod) => hasProxy(pod) && isRunning(pod) && isMeant({ namespace: pod.metadata.namespace ?? '' }, facts))
    .filter((pod) => hadTime(pod) && !connected.has(placeOf(pod)))
}

function proxyOf({ status }: PodObject): ContainerStatus | undefined {
  const { initContainerStatuses = [], containerStatuses = [] } = status ?? {}
  return [...initContainerStatuses, ...containerStatuses].find(({ name }) => name === PROXY_CONTAINER)
}

function describeProxy(pod: PodObject): readonly string[] {
  const proxy = proxyOf(pod)
  if (proxy?.ready === true) return []
  return [`${placeOf(pod)}: ${describeState(proxy)}`]
}

function describeState(proxy: ContainerStatus | undefined): string {
  const { waiting, terminated } = proxy?.state ?? {}
  if (waiting?.reason !== undefined) return [waiting.reason, waiting.message].filter(Boolean).join(': ')
  if (terminated !== undefined) return `ended: ${terminated.reason ?? 'Error'}, exit code ${terminated.exitCode}`
  return proxy === undefined ? 'has not started' : 'is not ready'
}

function findWithout(pods: readonly PodObject[], namespaces: readonly NamespaceFact[]): readonly PodObject[] {
  const asking = new Set(
    namespaces.filter(({ annotations }) => annotations[INJECT_ANNOTATION] === 'enabled').map(({ name }) => name),
  )
  return pods
    .filter((pod) => isRunning(pod) && !hasProxy(pod))
    .filter((pod) => {
      const own = annotationsOf(pod)[INJECT_ANNOTATION]
      return own === 'enabled' || (own !== 'disabled' && asking.has(pod.metadata.namespace ?? ''))
    })
}

function describeWithout(pod: PodObject): string {
  const reason = annotationsOf(pod)[SKIPPED_ANNOTATION]
  return `${placeOf(pod)} has none${reason === undefined ? '' : `: ${reason}`}`
}
