import { formatDurationMs } from '@heddle/base/duration'
import { type Category, errorUnlessEmpty, SUCCESS, type Verdict, warningUnlessEmpty } from '../check.ts'
import { judgeFact, requireFact } from '../fact.ts'
import type { ApiVersion, BaseFacts, CrdFact } from './cluster-facts.ts'

/** Rules of our CRDs (CEL) may say isIP() since then. */
const LEAST_MINOR = 31
/** Init containers that keep running are on by default since then. */
const NATIVE_SIDECAR_MINOR = 29
const TOLERATED_SKEW_MS = 60_000
const GATEWAY = 'gateway.networking.k8s.io'
const NEEDED_ROUTES = ['httproutes', 'grpcroutes', 'referencegrants'] as const
const FURTHER_ROUTES = ['tlsroutes', 'tcproutes'] as const

/** Whether the API server answers at all. */
export const KUBERNETES_API: Category<BaseFacts> = {
  name: 'kubernetes-api',
  checks: [
    {
      id: 'kubernetes-api-query',
      description: 'can query the Kubernetes API',
      about:
        "The API server of the kubeconfig's context does not answer, or does not accept its credentials. `kubectl version` shows the same. Another context is chosen with `--context NAME`, another file with `--kubeconfig FILE`.",
      isFatal: true,
      judge: ({ api }) => requireFact(api, () => SUCCESS, 'Check the address and the credentials of the kubeconfig.'),
    },
    {
      id: 'kubernetes-clock-skew',
      description: 'clocks of this host and of the API server agree',
      about:
        'Certificates and tokens carry times. More than a minute of difference makes new ones look as if they lay in the future. Synchronise the clocks with chrony, systemd-timesyncd or what your system has.',
      judge: ({ clock }) => judgeFact(clock, judgeClock),
    },
  ],
}

/** Whether the cluster is new enough. */
export const KUBERNETES_VERSION: Category<BaseFacts> = {
  name: 'kubernetes-version',
  checks: [
    {
      id: 'kubernetes-version',
      description: `is running the minimum Kubernetes version, 1.${LEAST_MINOR}`,
      about: `Rules of Heddle's kinds, and matching of webhooks, use what older API servers do not have. Upgrade the cluster to 1.${LEAST_MINOR} or later.`,
      judge: ({ api }) =>
        judgeFact(api, (version) =>
          errorUnlessEmpty(
            isOlder(version, LEAST_MINOR) ? [`the API server is ${version.text}`] : [],
            `Upgrade the cluster to 1.${LEAST_MINOR} or later.`,
          ),
        ),
    },
    {
      id: 'native-sidecars',
      description: 'nodes can run native sidecars',
      about: `A proxy that is an init container with \`restartPolicy: Always\` starts before the application, ends after it, and lets Jobs complete. Nodes older than 1.${NATIVE_SIDECAR_MINOR} cannot run it: pods there never start. Install with \`--set proxy.mode=classic\`, or annotate workloads with \`heddle.dev/proxy-mode: classic\`.`,
      judge: ({ nodes }) =>
        judgeFact(nodes, (all) =>
          warningUnlessEmpty(
            all
              .filter(({ kubelet }) => isOlder(kubelet, NATIVE_SIDECAR_MINOR))
              .map(({ name, kubelet }) => `node ${name} is ${kubelet.text}`),
            'Upgrade these nodes, or inject with heddle.dev/proxy-mode: classic.',
          ),
        ),
    },
  ],
}

/** Whether routes can be written. */
export const GATEWAY_API: Category<BaseFacts> = {
  name: 'gateway-api',
  checks: [
    {
      id: 'gateway-api-crds',
      description: 'Gateway API CRDs are installed',
      about:
        'Routes are objects of the Gateway API, whose CRDs belong to the cluster and not to Heddle: other products use them as well. Install its standard channel, version 1.1 or later, as https://gateway-api.sigs.k8s.io/guides/ says. Without them the mesh works, but has no routes.',
      judge: ({ crds }) =>
        judgeFact(crds, (all) =>
          warningUnlessEmpty(
            describeMissing(all, NEEDED_ROUTES),
            'Install the standard channel of the Gateway API; the control plane takes it up by itself.',
          ),
        ),
    },
    {
      id: 'gateway-api-further-crds',
      description: 'TLSRoute and TCPRoute have a version that Heddle reads',
      about:
        'TLSRoute and TCPRoute are `v1` in newer versions of the Gateway API, and `v1alpha2` of its experimental channel before. Heddle reads `v1`. Only a warning: without them there are no routes for connections.',
      judge: ({ crds }) =>
        judgeFact(crds, (all) => {
          const old = FURTHER_ROUTES.map((plural) => all.find(({ name }) => name === `${plural}.${GATEWAY}`)).filter(
            (crd) => crd !== undefined && !crd.servedVersions.includes('v1'),
          )
          return warningUnlessEmpty(
            old.map((crd) => `${crd!.name} serves only ${crd!.servedVersions.join(', ')}`),
            'Install a newer Gateway API where you need these routes.',
          )
        }),
    },
  ],
}

/** Whether a version of Kubernetes 1 is older than a minor one. */
function isOlder({ major, minor }: ApiVersion, least: number): boolean {
  return major < 1 || (major === 1 && minor < least)
}

function judgeClock({
  serverMs,
  localMs,
  roundTripMs,
}: {
  serverMs: number
  localMs: number
  roundTripMs: number
}): Verdict {
  const differenceMs = serverMs - localMs
  // The server tells whole seconds.
  const skewMs = Math.max(0, Math.abs(differenceMs) - roundTripMs - 1_000)
  if (skewMs <= TOLERATED_SKEW_MS) return SUCCESS
  const direction = differenceMs > 0 ? 'behind' : 'ahead of'
  const detail = `this host is ${formatDurationMs(Math.round(skewMs / 1000) * 1000)} ${direction} the API server`
  return errorUnlessEmpty([detail], 'Synchronise the clocks, for example with chrony or systemd-timesyncd.')
}

function describeMissing(crds: readonly CrdFact[], plurals: readonly string[]): readonly string[] {
  return plurals.flatMap((plural) => {
    const name = `${plural}.${GATEWAY}`
    const found = crds.find((crd) => crd.name === name)
    if (found === undefined) return [`${name} is missing`]
    if (!found.isEstablished) return [`${name} is not established`]
    const isServed =
      found.servedVersions.includes('v1') || (plural === 'referencegrants' && found.servedVersions.includes('v1beta1'))
    return isServed ? [] : [`${name} does not serve v1, but ${found.servedVersions.join(', ')}`]
  })
}
