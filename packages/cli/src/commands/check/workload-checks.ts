import type { Edge, ProxyStatus, StatRow, WorkloadInstance } from '@heddle/api/admin'
import { formatRemaining, toIsoTime } from '../certificate-life.ts'
import { type Category, errorUnlessEmpty, type MeshFacts, SUCCESS, type Verdict, warningUnlessEmpty } from './check.ts'

/** Renewal is at 70 % of the life; with less than this share left it has failed for a while. */
const LATE_SHARE = 0.2

/** Whether the applications run. */
export const WORKLOADS: Category<MeshFacts> = {
  name: 'workloads',
  checks: [
    {
      id: 'workloads-exist',
      description: 'the mesh has workloads',
      about: `A warning that the mesh knows no instance at all: the folder has no Workload, or none has started yet.`,
      judge: ({ workloads }) =>
        warningUnlessEmpty(
          workloads.length > 0 ? [] : ['no instance of any Workload is known'],
          'Add Workloads to the folder of "heddle up", or start a program with "heddle run".',
        ),
    },
    {
      id: 'workloads-complete',
      description: 'workloads have all of their instances',
      about: `A Workload has fewer instances than its \`replicas\`. Right after \`heddle up\` they are starting; later, their command could not be started, or its proxy never reached the control plane. \`heddle up\` says which, and each workload has a log.`,
      judge: (facts) =>
        errorUnlessEmpty(
          facts.deployments.flatMap((row) => describeMissing(row, facts.workloads)),
          'They are starting, or could not be started: look at what "heddle up" says, and at the log of the workload.',
        ),
    },
    {
      id: 'workloads-ready',
      description: 'workloads are ready',
      about: `Instances that get no traffic, and why: the process has not started or has ended, its health check fails, or it drains. \`heddle endpoints\` shows which Services miss them.`,
      judge: ({ workloads }) =>
        errorUnlessEmpty(
          workloads.filter(({ ready }) => !ready).map((one) => `${nameOf(one)}: ${one.reason || 'not ready'}`),
          'Look at the log of the workload: it has not started, has ended, or its health check fails.',
        ),
    },
  ],
}

/** Whether the proxies do what they are told. */
export const PROXIES: Category<MeshFacts> = {
  name: 'proxies',
  checks: [
    {
      id: 'proxies-connected',
      description: 'proxies are connected to the control plane',
      about: `Proxies that were connected to the control plane and are not now. They serve on with what they know, but learn of no new endpoint and renew no certificate.`,
      judge: ({ proxies }) =>
        errorUnlessEmpty(
          proxies.filter(({ connected }) => !connected).map((proxy) => `${nameOf(proxy)} is not connected`),
          'It keeps serving with what it knows. Look at the log of the proxy: it ended, or cannot reach the control plane.',
        ),
    },
    {
      id: 'configuration-applied',
      description: 'configuration is applied on all proxies',
      about: `Proxies that have not acknowledged what they were told last, and those that refused it with their reasons. A proxy that refuses keeps its last good state. Right after a change a few may be behind for a moment: look again, or use \`--wait\`.`,
      judge: judgeApplied,
    },
    {
      id: 'proxy-versions',
      description: 'proxies and control plane are of the same version',
      about: `A warning: these proxies are of another version than the control plane. Restart their workloads one after the other.`,
      judge: ({ proxies, version }) =>
        warningUnlessEmpty(
          proxies
            .filter(({ proxyVersion }) => proxyVersion !== version.version)
            .map(
              (proxy) => `${nameOf(proxy)} is ${proxy.proxyVersion || 'unknown'}, the control plane ${version.version}`,
            ),
          'Restart the workload, so that it gets the proxy of this version.',
        ),
    },
  ],
}

/** Whether every workload can prove who it is, and traffic is encrypted. */
export const SECURITY: Category<MeshFacts> = {
  name: 'security',
  checks: [
    {
      id: 'certificates-valid',
      description: 'certificates of workloads are valid',
      about: `An error for expired certificates, a warning for those that have less than a fifth of their life left. They are renewed at 70 % of it, so a late one says that renewal has failed several times. It is a warning too when a proxy has not reported a certificate yet, as in its first seconds. \`heddle identity\` shows all of them.`,
      judge: judgeCertificates,
    },
    {
      id: 'edges-secured',
      description: 'traffic between workloads is mTLS',
      about: `A warning for traffic of the last minutes that was not mTLS, with the reason: \`destination_unmeshed\` (it left the mesh), \`peer_not_meshed\` (the other end has no proxy). \`heddle edges\` shows all traffic that got to an endpoint.`,
      judge: ({ edges }) =>
        warningUnlessEmpty(
          edges.filter(({ secured }) => !secured).map(describeEdge),
          'Give both ends a proxy. What leaves the mesh, or comes from outside, stays as the application sends it.',
        ),
    },
  ],
}

/** A Workload that is gone from the configuration is still there in the metrics; it should have no instance. */
function describeMissing(
  { namespace, name, total }: StatRow,
  workloads: readonly WorkloadInstance[],
): readonly string[] {
  const known = workloads.filter((one) => one.namespace === namespace && one.workload === name).length
  return known >= total ? [] : [`${namespace}/${name} has ${known} of ${total} instances`]
}

/** Whether all who are connected have applied what they were told. */
export function judgeApplied({ proxies }: MeshFacts): Verdict {
  const connected = proxies.filter((proxy) => proxy.connected)
  const late = connected.filter((proxy) => proxy.problems.length > 0 || proxy.sequenceApplied < proxy.sequenceSent)
  const details = late.flatMap((proxy) =>
    proxy.problems.length === 0
      ? [`${nameOf(proxy)} has applied ${proxy.sequenceApplied} of ${proxy.sequenceSent} changes`]
      : proxy.problems.map((problem) => `${nameOf(proxy)} refused a change: ${problem}`),
  )
  const summary = `applied on ${connected.length - late.length} of ${connected.length} proxies`
  const remedy =
    'A proxy that refused a change keeps its last good state. If it is only late, look again in a few seconds.'
  return details.length === 0 ? SUCCESS : errorUnlessEmpty([summary, ...details], remedy)
}

/** Whether certificates are valid, and renewed in time. */
export function judgeCertificates({ workloads, localNowMs }: MeshFacts): Verdict {
  const meshed = workloads.filter((one) => one.meshed)
  const missing = meshed
    .filter(({ notAfterMs }) => notAfterMs === 0n)
    .map((one) => `${nameOf(one)} has not reported one`)
  const held = meshed.filter(({ notAfterMs }) => notAfterMs > 0n)
  const expired = held
    .filter(({ notAfterMs }) => Number(notAfterMs) <= localNowMs)
    .map((one) => `${nameOf(one)}: expired at ${toIsoTime(one.notAfterMs)}`)
  const late = held
    .filter((one) => isLate(one, localNowMs))
    .map(
      (one) => `${nameOf(one)}: expires in ${formatRemaining(Number(one.notAfterMs) - localNowMs)}, renewal is overdue`,
    )
  const remedy = 'The proxy renews by itself while it reaches the control plane. Look at its log for why it could not.'
  if (expired.length > 0) return errorUnlessEmpty([...expired, ...late, ...missing], remedy)
  return warningUnlessEmpty([...late, ...missing], remedy)
}

function isLate({ notBeforeMs, notAfterMs }: WorkloadInstance, nowMs: number): boolean {
  const remainingMs = Number(notAfterMs) - nowMs
  return remainingMs > 0 && remainingMs < LATE_SHARE * Number(notAfterMs - notBeforeMs)
}

/** `NAMESPACE/NAME` */
function nameOf({ namespace, instance }: ProxyStatus | WorkloadInstance): string {
  return `${namespace}/${instance}`
}

/** One edge that is not secured. */
export function describeEdge({ src, srcNamespace, dst, dstNamespace, reason }: Edge): string {
  const name = (workload: string, namespace: string) => (namespace === '' ? workload : `${namespace}/${workload}`)
  return `${name(src, srcNamespace)} to ${name(dst, dstNamespace)} is in plain: ${reason || 'unknown'}`
}
