import { formatRemaining, toIsoTime } from '../../certificate-life.ts'
import { type Category, type Check, errorUnlessEmpty, SUCCESS, type Verdict, warningUnlessEmpty } from '../check.ts'
import { judgeIssuer, judgeObjects, judgeSkew, REPLACE_ROOT, ROOT_CHANGE } from '../control-plane-checks.ts'
import { judgeFact, requireFact } from '../fact.ts'
import type { CertificateFact, InstallFacts, WebhookFact } from './cluster-facts.ts'
import { lookAtLog } from './look-further.ts'

const DAY_MS = 86_400_000
/** The control plane renews it by itself long before. */
const LEAST_SERVED_MS = 3_600_000

/** Whether the control plane answers, by whom it says it is. */
export const CONTROL_API: Category<InstallFacts> = {
  name: 'heddle-api',
  checks: [
    {
      id: 'control-plane-api',
      description: 'control plane answers, and proves to be it',
      about:
        'The command line opens a port-forward to a pod of the control plane, checks its certificate against the ConfigMap `heddle-trust-bundle` and its SPIFFE id, and shows a token of the ServiceAccount `heddle-viewer`. The line says which of these failed. Without an answer nothing is known of proxies.',
      isFatal: true,
      judge: ({ control, heddleNamespace }) => requireFact(control, () => SUCCESS, lookAtLog(heddleNamespace)),
    },
    {
      id: 'control-plane-clock-skew',
      description: 'clocks of this host and of the control plane agree',
      about: 'As `kubernetes-clock-skew`, for the node on which the control plane runs.',
      judge: ({ control }) => judgeFact(control, judgeSkew),
    },
    {
      id: 'cluster-objects-valid',
      description: 'objects of the cluster can be read',
      about:
        'Objects that the control plane cannot take over, with the reason; of each the last state that it could is in force. Kinds that it cannot read from the API server are here as well, with the right that its ClusterRole lacks where that is why. With its validating webhook in place they are refused at `kubectl apply`; these came before it, or while it was away.',
      judge: ({ control }) =>
        judgeFact(control, ({ health }) =>
          errorUnlessEmpty(
            health.configurationProblems,
            'Repair these objects; "heddle validate FILE" says the same of files.',
          ),
        ),
    },
    {
      id: 'cluster-objects-accepted',
      description: 'routes and policies are accepted',
      about:
        'A route or policy that is valid for itself, but not in force or with a reference that leads nowhere. Each line is a condition of its status. `heddle get all -A -o wide` shows all of them.',
      judge: ({ control }) => judgeFact(control, judgeObjects),
    },
  ],
}

/** Whether certificates can be given and will be trusted. */
export const IDENTITY: Category<InstallFacts> = {
  name: 'heddle-identity',
  checks: [
    {
      id: 'trust-bundle',
      description: 'trust bundle has root certificates that are valid',
      about:
        'The ConfigMap `heddle-trust-bundle` has the root certificates by which proxies and this command line know the mesh. It is written by the control plane: when it is missing or damaged, delete it, and it is written anew.',
      judge: ({ trust, nowMs, heddleNamespace }) =>
        requireFact(trust, (roots) => judgeRoots(roots, nowMs), lookAtLog(heddleNamespace)),
    },
    {
      id: 'issuer-certificate-validity',
      description: 'issuer certificate is valid for at least 60 days',
      about:
        'The issuer signs the certificates of workloads; with an expired one they cannot be renewed, and within a day no workload has a valid one. The leader replaces it by itself at 70 % of its life, so something keeps it from that: its log has *issuer not rotated*. An issuer that ends together with the root ends for good.',
      judge: ({ control, nowMs, heddleNamespace }) =>
        judgeFact(control, ({ health }) => judgeIssuer(health, nowMs, lookAtLog(heddleNamespace))),
    },
    {
      id: 'issuer-trusted',
      description: 'issuer certificate is issued by a root of the trust bundle',
      about:
        "The control plane has shown a certificate, and its chain leads to a root of the trust bundle. If it does not, two authorities are at work: the Secret `heddle-authority` was replaced, and the trust bundle or the control plane's pods are older. Restart them: `kubectl -n heddle rollout restart deploy/heddle-control`.",
      // The connection itself was made with the trust bundle as the only authority.
      judge: ({ control }) => judgeFact(control, () => SUCCESS),
    },
    { ...ROOT_CHANGE, id: 'trust-root-change', judge: ({ control }) => judgeFact(control, ROOT_CHANGE.judge) },
  ],
}

/** Whether the API server can ask the control plane. */
export const WEBHOOKS: Category<InstallFacts> = {
  name: 'heddle-webhooks',
  checks: [
    webhookCheck('injector', 'proxy injector'),
    webhookCheck('validator', 'validating webhook'),
    {
      id: 'webhook-server-certificate',
      description: 'webhook server certificate is valid, and trusted by its caBundle',
      about:
        'The control plane signs the certificate of its webhook server itself and renews it by itself, without a restart. When the API server cannot verify it, it refuses (or, with failure policy `Ignore`, passes over) injection and validation. The log of the control plane says why it was not renewed.',
      judge: ({ webhookServer, nowMs, heddleNamespace }) =>
        judgeFact(webhookServer, ({ refusal, notAfterMs }) => {
          const remedy = lookAtLog(heddleNamespace)
          if (refusal !== '') return errorUnlessEmpty([refusal], remedy)
          const remainingMs = notAfterMs - nowMs
          if (remainingMs <= 0) return errorUnlessEmpty([`it expired at ${toIsoTime(BigInt(notAfterMs))}`], remedy)
          const late = remainingMs < LEAST_SERVED_MS ? [`it expires in ${formatRemaining(remainingMs)}`] : []
          return warningUnlessEmpty(late, remedy)
        }),
    },
  ],
}

/** Whether all that works together is of one version. */
export const VERSIONS: Category<InstallFacts> = {
  name: 'heddle-version',
  checks: [
    {
      id: 'control-plane-cli-version',
      description: 'command line and control plane are of the same version',
      about:
        'A warning: neighbouring versions understand each other, but only the same version has been tested together with all of its features. Upgrade the one that is older: `heddle upgrade | kubectl apply -f -`, or the command line.',
      judge: ({ control, clientVersion }) =>
        judgeFact(control, ({ version }) =>
          warningUnlessEmpty(
            version.version === clientVersion
              ? []
              : [`command line ${clientVersion}, control plane ${version.version}`],
            'Upgrade the older one: "heddle upgrade | kubectl apply -f -", or the command line.',
          ),
        ),
    },
    {
      id: 'control-plane-installed-version',
      description: 'control plane runs in the version that was installed',
      about:
        "The control plane that answers is of another version than the installation's ConfigMap says: an upgrade is under way, or its new pods do not get ready.",
      judge: ({ control, config, heddleNamespace }) =>
        judgeFact(control, ({ version }) =>
          judgeFact(config, (found) =>
            warningUnlessEmpty(
              found === undefined || found.version === version.version
                ? []
                : [`installed ${found.version}, running ${version.version}`],
              `Wait for the rollout: kubectl -n ${heddleNamespace} rollout status deploy/heddle-control`,
            ),
          ),
        ),
    },
  ],
}

/** Whether the failure of one node or pod goes unnoticed; only where somebody asked for several replicas. */
export const HIGH_AVAILABILITY: Category<InstallFacts> = {
  name: 'heddle-ha',
  checks: [
    {
      id: 'ha-replicas',
      description: 'control plane has 3 replicas or more, on different nodes',
      about:
        'Two replicas leave one while a node is drained. `heddle upgrade --ha` sets three, a PodDisruptionBudget and anti-affinity.',
      judge: ({ deployment, pods }) =>
        judgeFact(deployment, (found) =>
          judgeFact(pods, (all) => {
            const nodes = new Set(all.map(({ spec }) => spec?.nodeName))
            const few = (found?.replicas ?? 0) < 3 ? [`it has ${found?.replicas ?? 0}`] : []
            const close =
              all.length > 1 && nodes.size === 1 ? [`all of them are on node ${all[0]?.spec?.nodeName}`] : []
            return warningUnlessEmpty([...few, ...close], 'heddle upgrade --ha | kubectl apply -f -')
          }),
        ),
    },
    {
      id: 'ha-anti-affinity',
      description: 'control plane replicas keep to different nodes',
      about: 'Without anti-affinity the scheduler may put all replicas on one node, and they fail together.',
      judge: ({ deployment }) =>
        judgeFact(deployment, (found) =>
          warningUnlessEmpty(found?.isSpread === false ? ['the Deployment has no pod anti-affinity'] : [], HA_REMEDY),
        ),
    },
    {
      id: 'ha-disruption-budget',
      description: 'a PodDisruptionBudget protects the control plane',
      about: 'Without it a drain of several nodes may end all replicas at once.',
      judge: ({ expected }) =>
        warningUnlessEmpty(
          expected.some(({ kind, there }) => kind === 'PodDisruptionBudget' && there.kind === 'known' && there.value)
            ? []
            : ['there is none'],
          HA_REMEDY,
        ),
    },
  ],
}

const HA_REMEDY = 'heddle upgrade --ha | kubectl apply -f -'

/** Whether an installation is meant to be highly available. */
export function isHighlyAvailable({ deployment }: InstallFacts): boolean {
  return deployment.kind === 'known' && (deployment.value?.replicas ?? 1) > 1
}

function judgeRoots(roots: readonly CertificateFact[], nowMs: number): Verdict {
  const early = roots.filter(({ notBeforeMs }) => notBeforeMs > nowMs + DAY_MS)
  const valid = roots.filter(({ notBeforeMs, notAfterMs }) => notBeforeMs <= nowMs + DAY_MS && notAfterMs > nowMs)
  if (valid.length > 0) return SUCCESS
  const details =
    roots.length === 0
      ? ['it has no certificate']
      : early.length > 0
        ? early.map(({ subject, notBeforeMs }) => `${subject} is valid only from ${toIsoTime(BigInt(notBeforeMs))}`)
        : roots.map(({ subject, notAfterMs }) => `${subject} expired at ${toIsoTime(BigInt(notAfterMs))}`)
  return errorUnlessEmpty(details, REPLACE_ROOT)
}

function webhookCheck(short: 'injector' | 'validator', title: string): Check<InstallFacts> {
  const configuration = `heddle-${short}`
  return {
    id: `webhook-${short}`,
    description: `${title} is configured with the mesh's root`,
    about: `The caBundle of \`${configuration}\` is written by the control plane when it starts, and again when its root changes. While it is missing or another one, the API server cannot verify the webhook. The leader's log says why it could not write it.`,
    judge: ({ webhooks, heddleNamespace }) =>
      judgeFact(webhooks, (all) => {
        const own = all.filter((one) => one.configuration === configuration)
        const faults = own.length === 0 ? [`${configuration} has no webhooks`] : own.flatMap(describeWebhook)
        return errorUnlessEmpty(faults, lookAtLog(heddleNamespace))
      }),
  }
}

function describeWebhook({ name, caBundle, isTrusted }: WebhookFact): readonly string[] {
  if (caBundle === '') return [`${name} has no caBundle`]
  return isTrusted ? [] : [`the caBundle of ${name} is not the mesh's trust bundle`]
}
