import { once } from 'node:events'
import { createSecureServer } from 'node:http2'
import type { AddressInfo } from 'node:net'
import type { MeshObject } from '@heddle/api/kinds'
import { systemClock } from '@heddle/base/clock'
import { createLog } from '@heddle/base/log'
import { createAdmissionHandler } from '@heddle/control/admission'
import { createKubeClient } from '@heddle/kube/client'
import { renderInstall } from '@heddle/kube/install'
import { readInstallValues } from '@heddle/kube/install/read-values'
import { loadClusterAccess } from '@heddle/kube/kubeconfig'
import { Registry } from '@heddle/telemetry/registry'
import { createTestCa } from '@heddle/testkit/test-ca'
import type { Cluster } from './cluster.ts'

/** The control plane's webhooks on this machine, for one namespace of a cluster. */
export interface TestAdmission extends AsyncDisposable {
  /** How often each webhook was asked, with which outcome: text of `/metrics`. */
  readonly metrics: () => string
}

/** What the webhooks work with. */
export interface AdmissionWorld {
  readonly namespace: string
  /** In force already. */
  readonly objects?: readonly MeshObject[]
  /** `values.yaml` of the installation. */
  readonly values?: string
}

/** The webhooks of an installation, as it would configure them but for where they are and whom they are about. */
const WEBHOOKS = renderInstall(readInstallValues([]), 'heddle').filter(({ kind }) =>
  kind?.endsWith('WebhookConfiguration'),
) as unknown as readonly WebhookConfiguration[]

interface WebhookConfiguration {
  readonly metadata: { readonly name: string }
  readonly webhooks: readonly Webhook[]
}

interface Webhook {
  readonly clientConfig: { readonly service: { readonly path: string } }
  readonly namespaceSelector: object
}

/** Serves the webhooks and makes the API server know them, with `failurePolicy: Fail`. */
export async function startAdmission(cluster: Cluster, world: AdmissionWorld): Promise<TestAdmission> {
  const { namespace, objects = [], values = '{}' } = world
  const access = await loadClusterAccess({ kubeconfig: cluster.kubeconfig })
  const registry = new Registry()
  const ca = await createTestCa()
  const handler = createAdmissionHandler({
    client: createKubeClient(access),
    values: () => values,
    trustBundlePem: () => ca.trustBundlePem,
    trustDomain: 'heddle.local',
    namespace: 'heddle',
    model: { objects: () => objects },
    clock: systemClock,
    log: createLog((line) => process.stderr.write(line), 'warn'),
    registry,
  })
  const identity = await ca.issue({ uris: [], ipAddresses: [cluster.hostAddress] })
  const tls = { key: identity.privateKeyPem, cert: identity.certificateChainPem, allowHTTP1: true }
  const server = createSecureServer(tls, handler).listen(0, cluster.hostAddress)
  await once(server, 'listening')
  const url = `https://${cluster.hostAddress}:${(server.address() as AddressInfo).port}`
  const place = { url, caBundle: Buffer.from(ca.trustBundlePem).toString('base64'), namespace }
  const configurations = WEBHOOKS.map((configuration) => placed(configuration, place))
  await cluster.kubectl(['apply', '-f', '-'], { input: configurations })
  return {
    metrics: () => registry.render(),
    [Symbol.asyncDispose]: async () => {
      await cluster.kubectl(['delete', '-f', '-'], { input: configurations })
      access.close()
      server.close()
    },
  }
}

interface Place {
  readonly url: string
  readonly caBundle: string
  readonly namespace: string
}

function placed(configuration: WebhookConfiguration, { url, caBundle, namespace }: Place): object {
  return {
    ...configuration,
    metadata: { name: `${configuration.metadata.name}-${namespace}` },
    webhooks: configuration.webhooks.map((webhook) => ({
      ...webhook,
      clientConfig: { url: `${url}${webhook.clientConfig.service.path}`, caBundle },
      namespaceSelector: { matchLabels: { 'kubernetes.io/metadata.name': namespace } },
      failurePolicy: 'Fail',
    })),
  }
}
