import { describeUnready, isReady, type PodObject } from '../../../client/control-pod.ts'
import { type Category, type Check, errorUnlessEmpty, SUCCESS, type Verdict, warningUnlessEmpty } from '../check.ts'
import { judgeRoot } from '../control-plane-checks.ts'
import { judgeFact, requireFact } from '../fact.ts'
import type { ControlDeployment, CrdFact, ExpectedObject, InstallFacts, LeaseFact } from './cluster-facts.ts'
import { lookAtLog, lookAtPods } from './look-further.ts'
import { judgeOtherInstallations } from './pre-checks.ts'

const APPLY_AGAIN = 'Apply it again: heddle upgrade | kubectl apply -f -'
/** A leader renews every few seconds. */
const LATE_RENEWALS = 2

/** Whether everything that belongs to the installation is there and runs. */
export const EXISTENCE: Category<InstallFacts> = {
  name: 'heddle-existence',
  checks: [
    {
      id: 'one-installation',
      description: 'no other namespace has an installation',
      about:
        'The ClusterRoles and webhook configurations of the cluster belong to an installation in another namespace, which was applied later: it injects and validates in place of this one. Use it with `--heddle-namespace NAME`, or keep this one: `heddle --heddle-namespace NAME uninstall | kubectl delete -f -`, then `heddle upgrade | kubectl apply -f -`.',
      judge: ({ expected, heddleNamespace }) => {
        const owners = new Set(expected.map(({ owner = heddleNamespace }) => owner))
        owners.delete(heddleNamespace)
        return judgeOtherInstallations([...owners], ', then heddle upgrade | kubectl apply -f -')
      },
    },
    {
      id: 'namespace-exists',
      description: 'control plane namespace exists',
      about:
        'Heddle is not installed in this cluster, or in another namespace: then name it with `--heddle-namespace NAME`.',
      isFatal: true,
      judge: ({ expected, heddleNamespace }) =>
        judgeMissing(
          expected.filter(({ kind, name }) => kind === 'Namespace' && name === heddleNamespace),
          'Install it: heddle install --crds | kubectl apply -f - and heddle install | kubectl apply -f -',
        ),
    },
    {
      id: 'config-exists',
      description: "'heddle-config' ConfigMap exists and can be read",
      about:
        'The values of the installation. The control plane, `heddle upgrade` and `heddle inject --manual` read them there. When it is gone, apply the output of `heddle install` with the same values again.',
      judge: ({ config }) =>
        requireFact(
          config,
          (found) => errorUnlessEmpty(found === undefined ? ['there is no ConfigMap heddle-config'] : [], APPLY_AGAIN),
          APPLY_AGAIN,
        ),
    },
    exists('service-accounts-exist', 'control plane ServiceAccounts exist', ['ServiceAccount']),
    exists('cluster-roles-exist', 'control plane ClusterRoles and ClusterRoleBindings exist', [
      'ClusterRole',
      'ClusterRoleBinding',
    ]),
    exists('roles-exist', 'control plane Roles and RoleBindings exist', ['Role', 'RoleBinding']),
    exists('services-exist', 'control plane Services exist', ['Service']),
    exists('webhooks-exist', 'webhook configurations exist', [
      'MutatingWebhookConfiguration',
      'ValidatingWebhookConfiguration',
    ]),
    {
      id: 'crds-exist',
      description: 'CustomResourceDefinitions exist in the version of this command line',
      about:
        'The kinds BackendPolicy, FaultPolicy, TrafficPolicy and Workload. They are installed apart from the rest, since they outlive it: `heddle install --crds | kubectl apply -f -`.',
      judge: ({ crds }) => judgeFact(crds, judgeCrds),
    },
    {
      id: 'trust-root-validity',
      description: 'root certificate is valid for at least 60 days',
      about:
        'The root lives ten years and is replaced by itself 90 days before its end; one that you have brought is yours to replace. With an expired one no connection between proxies can be made, the API server cannot call the webhooks, and no control plane starts. So it is looked at before the control plane is asked: [replace it](../tasks/replace-the-root.md) in time.',
      judge: ({ trust, nowMs }) =>
        judgeFact(trust, (roots) => {
          const last = roots.reduce((latest, { notAfterMs }) => Math.max(latest, notAfterMs), 0)
          return judgeRoot(BigInt(last), nowMs)
        }),
    },
    {
      id: 'control-plane-replicas',
      description: 'control plane replicas are ready',
      about:
        'Fewer pods of the Deployment `heddle-control` are ready than it should have. Proxies go on serving with what they know; new pods wait for their first certificate until one is ready.',
      judge: ({ deployment, heddleNamespace }) =>
        judgeFact(deployment, (found) => judgeReplicas(found, lookAtPods(heddleNamespace))),
    },
    {
      id: 'control-plane-pods',
      description: 'control plane pods are ready',
      about:
        'Each pod that is not ready is named with what it waits for: an image that cannot be pulled, no node with room for it, a container that ends; or, in the words of the control plane itself, an API server that is away or a right that its ClusterRole lacks. `kubectl -n heddle describe pods` and `kubectl -n heddle logs deploy/heddle-control` say more.',
      isFatal: true,
      judge: ({ pods, waiting, heddleNamespace }) =>
        judgeFact(pods, (all) => {
          const remedy = lookAtPods(heddleNamespace)
          const unready = describePods(all, waiting)
          if (all.some(isReady)) return warningUnlessEmpty(unready, remedy)
          return errorUnlessEmpty(all.length === 0 ? ['there is none'] : unready, remedy)
        }),
    },
    {
      id: 'control-plane-leader',
      description: 'one control plane replica leads',
      about:
        'Writing statuses of routes and renewing the certificates of webhooks is done by one replica, which holds the Lease `heddle-control-leader`. Without one, requests are served all the same, but statuses are not brought up to date.',
      judge: (facts) => judgeFact(facts.lease, (lease) => judgeLease(lease, facts)),
    },
  ],
}

function exists(id: string, description: string, kinds: readonly string[]): Check<InstallFacts> {
  return {
    id,
    description,
    about:
      'What is missing was removed by hand or never applied. Apply it again: `heddle upgrade | kubectl apply -f -`.',
    judge: ({ expected }) =>
      judgeMissing(
        expected.filter(({ kind }) => kinds.includes(kind)),
        APPLY_AGAIN,
      ),
  }
}

function judgeMissing(objects: readonly ExpectedObject[], remedy: string): Verdict {
  const missing = objects
    .filter(({ there }) => there.kind === 'known' && !there.value)
    .map((one) => `${nameOf(one)} is missing`)
  if (missing.length > 0) return errorUnlessEmpty(missing, remedy)
  const unknown = objects.flatMap((one) =>
    one.there.kind === 'unknown' ? [`${nameOf(one)}: ${one.there.reason}`] : [],
  )
  return warningUnlessEmpty(unknown, 'Look again as a user who may read them.')
}

function nameOf({ kind, namespace, name }: ExpectedObject): string {
  return `${kind} ${namespace === '' ? '' : `${namespace}/`}${name}`
}

const OWN_KINDS = ['backendpolicies', 'faultpolicies', 'trafficpolicies', 'workloads'] as const
const OWN_VERSION = 'v1alpha1'

function judgeCrds(crds: readonly CrdFact[]): Verdict {
  const faults = OWN_KINDS.flatMap((plural) => {
    const found = crds.find(({ name }) => name === `${plural}.heddle.dev`)
    if (found === undefined) return [`${plural}.heddle.dev is missing`]
    if (!found.isEstablished) return [`${plural}.heddle.dev is not established`]
    return found.servedVersions.includes(OWN_VERSION) ? [] : [`${plural}.heddle.dev does not serve ${OWN_VERSION}`]
  })
  return errorUnlessEmpty(faults, 'Install them: heddle install --crds | kubectl apply -f -')
}

function judgeReplicas(found: ControlDeployment | undefined, remedy: string): Verdict {
  if (found === undefined) return errorUnlessEmpty(['there is no Deployment heddle-control'], APPLY_AGAIN)
  const { replicas, ready, updated } = found
  if (replicas === 0) return errorUnlessEmpty(['Deployment heddle-control is scaled to 0'], 'Scale it up again.')
  if (ready === 0) return errorUnlessEmpty([`0 of ${replicas} are ready`], remedy)
  const late = updated < replicas ? [`${updated} of ${replicas} are of the newest version of the Deployment`] : []
  return warningUnlessEmpty(ready < replicas ? [`${ready} of ${replicas} are ready`, ...late] : late, remedy)
}

function describePods(pods: readonly PodObject[], waiting: InstallFacts['waiting']): readonly string[] {
  return pods
    .filter((pod) => !isReady(pod))
    .map((pod) => {
      const { name } = pod.metadata
      return [`${name} ${describeUnready(pod)}`, ...(waiting.get(name) ?? [])].join('; ')
    })
}

function judgeLease(lease: LeaseFact | undefined, { nowMs, heddleNamespace }: InstallFacts): Verdict {
  const remedy = lookAtLog(heddleNamespace)
  if (lease === undefined || lease.holder === '') {
    return warningUnlessEmpty(['nobody holds Lease heddle-control-leader'], remedy)
  }
  const { holder, renewedMs, durationMs } = lease
  const lateMs = nowMs - renewedMs
  if (lateMs <= durationMs * LATE_RENEWALS) return SUCCESS
  const detail = `${holder} has not renewed it for ${Math.round(lateMs / 1000)} s`
  return warningUnlessEmpty([detail], `Another replica takes over by itself; if none does: ${remedy}`)
}
