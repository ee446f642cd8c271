import type { KubeObject } from '@heddle/kube/client'
import { CliError, messageOf } from '../cli-error.ts'
import type { Cluster } from './cluster.ts'
import { type ControlClient, createControlClient } from './control-client.ts'
import { chooseControlPod, type PodObject, type ServiceObject } from './control-pod.ts'
import { explainKube, isKubeStatus } from './explain-kube.ts'

/** Service of the control plane's API. */
const SERVICE = 'heddle-control'
/** Its service account, which is in its SPIFFE id. */
const SERVICE_ACCOUNT = 'control-plane'
const TRUST_BUNDLE = 'heddle-trust-bundle'
const AUDIENCE = 'heddle.dev/admin'
/** As short as Kubernetes makes them. */
const TOKEN_LIFE_S = 600

/** Service accounts whose tokens open the control plane: one may look, the other may do everything. */
export type ControlRole = 'heddle-viewer' | 'heddle-operator'

/**
 * A client of the control plane in a cluster, through a port-forward of its own: TLS by the mesh's own authority, a token of
 * minutes that is kept in memory only. What the user may do is decided by the cluster's RBAC.
 *
 * @throws {CliError} for everything that can be missing on the way, with what to do about it
 */
export async function connectClusterControl(cluster: Cluster): Promise<ControlClient> {
  const trust = await readTrust(cluster)
  const [target, token] = await Promise.all([findPod(cluster), requestToken(cluster)])
  const { openPortForward } = await import('@heddle/kube/port-forward')
  const forward = await openPortForward(cluster.access, target).catch((error: unknown) => {
    throw explainKube(error, `forward a port to pod ${target.namespace}/${target.pod}`, cluster)
  })
  const client = createControlClient({
    world: { kind: 'cluster', cluster },
    place: placeOf(cluster, `https://127.0.0.1:${forward.port}`, trust),
    trustBundlePem: trust.pem,
    token,
  })
  const close = () => {
    client.close()
    // Nobody waits for it: what is still open belongs to this process and ends with it.
    void forward.close().catch(() => {})
  }
  return { ...client, close }
}

interface Trust {
  readonly pem: string
  readonly trustDomain: string
}

function placeOf({ contextName, heddleNamespace }: Cluster, server: string, { trustDomain }: Trust) {
  return {
    title: `the control plane of cluster "${contextName}"`,
    server,
    serverIdentity: `spiffe://${trustDomain}/ns/${heddleNamespace}/sa/${SERVICE_ACCOUNT}`,
    remedies: {
      unavailable: `its pod has just ended, or is overloaded: try again, then "heddle check"`,
      refused: `see docs/tasks/run-on-kubernetes.md#who-may-use-it`,
    },
  }
}

interface ConfigMapObject extends KubeObject {
  readonly data?: Readonly<Record<string, string>>
}

/** @throws {CliError} when Heddle is not installed, or has not written its trust bundle yet */
async function readTrust(cluster: Cluster): Promise<Trust> {
  const { CONFIG_MAPS } = await import('@heddle/kube/resources')
  const { kube, heddleNamespace: namespace } = cluster
  const ref = { resource: CONFIG_MAPS, namespace, name: TRUST_BUNDLE }
  const found = await kube.get<ConfigMapObject>(ref).catch((error: unknown) => {
    throw explainKube(error, `read ConfigMap ${namespace}/${TRUST_BUNDLE}`, cluster)
  })
  if (found === undefined) throw await describeMissing(cluster)
  const { 'trust-bundle.pem': pem, 'trust-domain': trustDomain } = found.data ?? {}
  if (pem !== undefined && trustDomain !== undefined) return { pem, trustDomain }
  throw new CliError(`ConfigMap ${namespace}/${TRUST_BUNDLE} has no trust-bundle.pem and trust-domain`, {
    hints: ['the control plane writes it: delete it, and it is written anew; see "heddle check"'],
  })
}

/** Tells a cluster without Heddle from one in which it is just starting. */
async function describeMissing(cluster: Cluster): Promise<CliError> {
  const { contextName, heddleNamespace: namespace } = cluster
  const pods = await findPod(cluster).catch((error: unknown) => error)
  if (pods instanceof CliError && !(pods instanceof NotInstalled)) return pods
  if (!(pods instanceof Error)) {
    return new CliError(`the control plane of cluster "${contextName}" has not written its trust bundle yet`, {
      hints: ['it writes it when it starts: try again, then look at its log'],
    })
  }
  return new CliError(`Heddle is not installed in namespace "${namespace}" of cluster "${contextName}"`, {
    hints: [
      'install it: "heddle check --pre", then "heddle install --crds | kubectl apply -f -" and "heddle install | kubectl apply -f -"',
      'or it is in another namespace: --heddle-namespace NAME; or in another cluster: --context NAME',
    ],
  })
}

class NotInstalled extends CliError {}

/** @throws {CliError} */
async function findPod(cluster: Cluster) {
  const { PODS, SERVICES } = await import('@heddle/kube/resources')
  const { kube, heddleNamespace: namespace } = cluster
  const fail = (deed: string) => (error: unknown) => {
    throw explainKube(error, deed, cluster)
  }
  const service = await kube
    .get<ServiceObject>({ resource: SERVICES, namespace, name: SERVICE })
    .catch(fail(`read Service ${namespace}/${SERVICE}`))
  if (service === undefined) throw new NotInstalled(`there is no Service ${namespace}/${SERVICE}`)
  const labelSelector = Object.entries(service.spec?.selector ?? {})
    .map(([name, value]) => `${name}=${value}`)
    .join(',')
  const { items } = await kube
    .list<PodObject>(PODS, { namespace, labelSelector })
    .catch(fail(`list pods in namespace "${namespace}"`))
  return chooseControlPod(service, items, Math.random)
}

interface TokenRequest {
  readonly status: { readonly token: string }
}

/** A token of the lesser role, else of the greater one: who may do everything may look as well. */
async function requestToken(cluster: Cluster): Promise<string> {
  const roles: readonly ControlRole[] = ['heddle-viewer', 'heddle-operator']
  let refusal: unknown
  for (const role of roles) {
    try {
      return await requestTokenOf(cluster, role)
    } catch (error) {
      if (!isKubeStatus(error, 403)) throw explainKube(error, `make a token of ServiceAccount ${role}`, cluster)
      refusal ??= error
    }
  }
  throw noToken(cluster, refusal)
}

async function requestTokenOf({ kube, heddleNamespace }: Cluster, role: ControlRole): Promise<string> {
  const { status } = await kube.request<TokenRequest>({
    method: 'POST',
    path: `/api/v1/namespaces/${heddleNamespace}/serviceaccounts/${role}/token`,
    body: {
      apiVersion: 'authentication.k8s.io/v1',
      kind: 'TokenRequest',
      spec: { audiences: [AUDIENCE], expirationSeconds: TOKEN_LIFE_S },
    },
  })
  return status.token
}

function noToken({ contextName, heddleNamespace }: Cluster, cause: unknown): CliError {
  return new CliError(`this user of cluster "${contextName}" may not ask the control plane: ${messageOf(cause)}`, {
    hints: [
      `missing: verb create on serviceaccounts/token, of heddle-viewer (to look) or heddle-operator (everything), in namespace ${heddleNamespace}`,
      'give it with a RoleBinding; docs/tasks/run-on-kubernetes.md#who-may-use-it has one',
    ],
    cause,
  })
}
