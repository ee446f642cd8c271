import { messageOf } from '@heddle/base/message-of'
import type { KubeObject } from '@heddle/kube/client'
import { ADMIN_AUDIENCE, INSTALL_NAMES, INSTALL_PORTS, TRUST_BUNDLE_KEY } from '@heddle/kube/install/names'
import { CliError } from '../cli-error.ts'
import type { Cluster } from './cluster.ts'
import { type ControlClient, type ControlNeed, type ControlPlace, createControlClient } from './control-client.ts'
import { chooseControlPod, listControlPods, type PodObject } from './control-pod.ts'
import { explainKube, isKubeStatus } from './explain-kube.ts'

const { controlAccount, operatorAccount, trustBundle, viewerAccount } = INSTALL_NAMES
/** As short as Kubernetes makes them. */
const TOKEN_LIFE_S = 600

/**
 * A client of the control plane in a cluster, through a port-forward of its own: TLS by the mesh's own authority, a token of
 * minutes that is kept in memory only. What the user may do is decided by the cluster's RBAC.
 *
 * @throws {CliError} for everything that can be missing on the way, with what to do about it
 */
export async function connectClusterControl(cluster: Cluster, need: ControlNeed = 'look'): Promise<ControlClient> {
  const trustBundlePem = await readTrustBundle(cluster)
  const [pod, token] = await Promise.all([findPod(cluster), requestToken(cluster, need)])
  const { openPortForward } = await import('@heddle/kube/port-forward')
  const target = { namespace: cluster.heddleNamespace, pod, port: INSTALL_PORTS.api }
  const forward = await openPortForward(cluster.access, target).catch((error: unknown) => {
    throw explainKube(error, `forward a port to pod ${target.namespace}/${pod}`, cluster)
  })
  const place = placeOf(cluster, `https://127.0.0.1:${forward.port}`)
  const client = createControlClient({ world: { kind: 'cluster', cluster }, place, trustBundlePem, token })
  const close = () => {
    client.close()
    // Nobody waits for it: what is still open belongs to this process and ends with it.
    void forward.close().catch(() => {})
    cluster.access.close()
  }
  return { ...client, close }
}

function placeOf({ contextName, heddleNamespace }: Cluster, server: string): ControlPlace {
  return {
    title: `the control plane of cluster "${contextName}"`,
    server,
    serverIdentity: new RegExp(`^spiffe://[^/]+/ns/${heddleNamespace}/sa/${controlAccount}$`),
    remedies: {
      unavailable: 'its pod has just ended, or is overloaded: try again, then "heddle check"',
      refused: 'who may do what: docs/tasks/install.md#who-may-look',
      slow: `it is overloaded, or waits for the API server: see "kubectl -n ${heddleNamespace} logs deploy/heddle-control"`,
    },
  }
}

interface ConfigMapObject extends KubeObject {
  readonly data?: Readonly<Record<string, string>>
}

/** @throws {CliError} when Heddle is not installed, or has not written its trust bundle yet */
export async function readTrustBundle(cluster: Cluster): Promise<string> {
  const { CONFIG_MAPS } = await import('@heddle/kube/resources')
  const { kube, heddleNamespace: namespace } = cluster
  const ref = { resource: CONFIG_MAPS, namespace, name: trustBundle }
  const found = await kube.get<ConfigMapObject>(ref).catch((error: unknown) => {
    throw explainKube(error, `read ConfigMap ${namespace}/${trustBundle}`, cluster)
  })
  const pem = found?.data?.[TRUST_BUNDLE_KEY]
  if (pem !== undefined) return pem
  const pods = await listPods(cluster)
  if (pods.length === 0) throw notInstalled(cluster)
  // Says what they wait for, when none is ready.
  chooseControlPod(pods, namespace, Math.random)
  throw new CliError(`the control plane of cluster "${cluster.contextName}" has not written its trust bundle yet`, {
    hints: [`it does when it starts: try again, then "kubectl -n ${namespace} logs deploy/heddle-control"`],
  })
}

function notInstalled({ contextName, heddleNamespace: namespace }: Cluster): CliError {
  return new CliError(`Heddle is not installed in namespace "${namespace}" of cluster "${contextName}"`, {
    hints: [
      'install it: "heddle check --pre", then "heddle install --crds | kubectl apply -f -" and "heddle install | kubectl apply -f -"',
      'or it is in another namespace: --heddle-namespace NAME; or in another cluster: --context NAME',
    ],
  })
}

async function findPod(cluster: Cluster): Promise<string> {
  return chooseControlPod(await listPods(cluster), cluster.heddleNamespace, Math.random)
}

async function listPods(cluster: Cluster): Promise<readonly PodObject[]> {
  return await listControlPods(cluster).catch((error: unknown) => {
    throw explainKube(error, `list pods in namespace "${cluster.heddleNamespace}"`, cluster)
  })
}

interface TokenRequest {
  readonly status: { readonly token: string }
}

/** A token of the least account that is enough, else of the greater one: who may do everything may look as well. */
async function requestToken(cluster: Cluster, need: ControlNeed): Promise<string> {
  let refusal: unknown
  for (const account of need === 'look' ? [viewerAccount, operatorAccount] : [operatorAccount]) {
    try {
      return await requestTokenOf(cluster, account)
    } catch (error) {
      if (!isKubeStatus(error, 403)) throw explainKube(error, `make a token of ServiceAccount ${account}`, cluster)
      refusal ??= error
    }
  }
  throw noToken(cluster, need, refusal)
}

async function requestTokenOf({ kube, heddleNamespace }: Cluster, account: string): Promise<string> {
  const { status } = await kube.request<TokenRequest>({
    method: 'POST',
    path: `/api/v1/namespaces/${heddleNamespace}/serviceaccounts/${account}/token`,
    body: {
      apiVersion: 'authentication.k8s.io/v1',
      kind: 'TokenRequest',
      spec: { audiences: [ADMIN_AUDIENCE], expirationSeconds: TOKEN_LIFE_S },
    },
  })
  return status.token
}

function noToken({ contextName, heddleNamespace }: Cluster, need: ControlNeed, cause: unknown): CliError {
  const account = need === 'look' ? `${viewerAccount} (or ${operatorAccount})` : operatorAccount
  return new CliError(`this user of cluster "${contextName}" may not ask the control plane: ${messageOf(cause)}`, {
    hints: [
      `missing: verb create on serviceaccounts/token, of ${account}, in namespace ${heddleNamespace}`,
      'give it with a RoleBinding: docs/tasks/install.md#who-may-look',
    ],
    cause,
  })
}
