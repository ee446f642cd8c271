import type { Clock } from '@heddle/base/clock'
import type { KubeDraft, KubeObject, ObjectName } from '@heddle/kube/client'
import { renderInstall } from '@heddle/kube/install'
import { CONFIG_KEYS, INSTALL_NAMES, INSTALLATION_LABEL, TRUST_BUNDLE_KEY } from '@heddle/kube/install/names'
import { readUsableValues } from '@heddle/kube/install/usable-values'
import type { InstallValues } from '@heddle/kube/install/values'
import {
  CONFIG_MAPS,
  DEPLOYMENTS,
  LEASES,
  MUTATING_WEBHOOKS,
  resourceOf,
  VALIDATING_WEBHOOKS,
} from '@heddle/kube/resources'
import type { Cluster } from '../../../client/cluster.ts'
import type { ControlClient } from '../../../client/control-client.ts'
import { listControlPods } from '../../../client/control-pod.ts'
import { collectFacts } from '../collect-facts.ts'
import { type Fact, learn } from '../fact.ts'
import type {
  BaseFacts,
  CertificateFact,
  ControlDeployment,
  ExpectedObject,
  InstalledConfig,
  InstallFacts,
  LeaseFact,
  WebhookFact,
} from './cluster-facts.ts'
import { ask } from './collect-base.ts'
import { askReadiness, lookAtReadiness } from './look-at-readiness.ts'
import { lookAtWebhookServer } from './look-at-webhook-server.ts'
import { readCertificates, toCertificateFact } from './read-certificates.ts'

/** What is needed to look at an installation. */
export interface InstallQuestion {
  readonly cluster: Cluster
  readonly clock: Clock
  connect(): Promise<ControlClient>
}

/** Looks up everything that belongs to the control plane. */
export async function collectInstall(base: BaseFacts, question: InstallQuestion): Promise<InstallFacts> {
  const { cluster } = question
  const config = await collectConfig(cluster)
  const [expected, deployment, pods, lease, trustPem] = await Promise.all([
    collectExpected(cluster, valuesOf(config)),
    collectDeployment(cluster),
    ask(cluster, 'list pods', () => listControlPods(cluster)),
    collectLease(cluster),
    collectTrust(cluster),
  ])
  const webhooks = await collectWebhooks(cluster, trustPem.kind === 'known' ? trustPem.value : '')
  return {
    ...base,
    config,
    expected,
    deployment,
    pods,
    waiting: await lookAtReadiness(pods, (pod) => askReadiness(cluster, pod)),
    lease,
    trust: mapFact(trustPem, toRoots),
    webhooks,
    webhookServer: await learn(() => lookAtWebhookServer(cluster, pods, webhooks)),
    control: await learn(() => askControl(question)),
  }
}

async function askControl({ connect, clock }: InstallQuestion) {
  const client = await connect()
  return await collectFacts(client, clock).finally(() => client.close())
}

interface ConfigMapObject extends KubeObject {
  readonly data?: Readonly<Record<string, string>>
}

function collectConfig(cluster: Cluster): Promise<Fact<InstalledConfig | undefined>> {
  const name = { resource: CONFIG_MAPS, namespace: cluster.heddleNamespace, name: INSTALL_NAMES.config }
  return ask(cluster, `read ConfigMap ${INSTALL_NAMES.config}`, async () => {
    const found = await cluster.kube.get<ConfigMapObject>(name)
    if (found === undefined) return undefined
    const { [CONFIG_KEYS.values]: text = '', [CONFIG_KEYS.version]: version = '' } = found.data ?? {}
    // Written by another version, perhaps: that the versions differ is a finding of its own.
    return { version, values: readUsableValues(text).values }
  })
}

/** Without the installation's own values its parts are told by the defaults. */
function valuesOf(config: Fact<InstalledConfig | undefined>): InstallValues {
  const found = config.kind === 'known' ? config.value?.values : undefined
  return found ?? readUsableValues('').values
}

function collectExpected(cluster: Cluster, values: InstallValues): Promise<readonly ExpectedObject[]> {
  return Promise.all(renderInstall(values, cluster.heddleNamespace).map((draft) => lookFor(draft, cluster)))
}

async function lookFor({ apiVersion = '', kind = '', metadata }: KubeDraft, cluster: Cluster): Promise<ExpectedObject> {
  const { name, namespace = '' } = metadata
  const resource = resourceOf(apiVersion, kind)!
  const ref: ObjectName = { resource, name, ...(resource.namespaced && { namespace }) }
  const found = await ask(cluster, `read ${kind} ${name}`, () => cluster.kube.get(ref))
  const there = mapFact(found, (object) => object !== undefined)
  const owner = found.kind === 'known' ? found.value?.metadata.labels?.[INSTALLATION_LABEL] : undefined
  return { kind, namespace, name, there, ...(owner !== undefined && { owner }) }
}

interface DeploymentObject extends KubeObject {
  readonly spec?: {
    readonly replicas?: number
    readonly template?: {
      readonly spec?: {
        readonly containers?: readonly { readonly image?: string }[]
        readonly affinity?: { readonly podAntiAffinity?: unknown }
      }
    }
  }
  readonly status?: { readonly readyReplicas?: number; readonly updatedReplicas?: number }
}

function collectDeployment(cluster: Cluster): Promise<Fact<ControlDeployment | undefined>> {
  const name = { resource: DEPLOYMENTS, namespace: cluster.heddleNamespace, name: INSTALL_NAMES.control }
  return ask(cluster, `read Deployment ${INSTALL_NAMES.control}`, async () => {
    const found = await cluster.kube.get<DeploymentObject>(name)
    if (found === undefined) return undefined
    const { spec, status } = found
    return {
      replicas: spec?.replicas ?? 1,
      ready: status?.readyReplicas ?? 0,
      updated: status?.updatedReplicas ?? 0,
      image: spec?.template?.spec?.containers?.[0]?.image ?? '',
      isSpread: spec?.template?.spec?.affinity?.podAntiAffinity !== undefined,
    }
  })
}

interface LeaseObject extends KubeObject {
  readonly spec?: {
    readonly holderIdentity?: string
    readonly renewTime?: string
    readonly leaseDurationSeconds?: number
  }
}

function collectLease(cluster: Cluster): Promise<Fact<LeaseFact | undefined>> {
  const name = { resource: LEASES, namespace: cluster.heddleNamespace, name: INSTALL_NAMES.lease }
  return ask(cluster, `read Lease ${INSTALL_NAMES.lease}`, async () => {
    const spec = (await cluster.kube.get<LeaseObject>(name))?.spec
    if (spec === undefined) return undefined
    return {
      holder: spec.holderIdentity ?? '',
      renewedMs: Date.parse(spec.renewTime ?? '') || 0,
      durationMs: (spec.leaseDurationSeconds ?? 15) * 1000,
    }
  })
}

function collectTrust(cluster: Cluster): Promise<Fact<string>> {
  const name = { resource: CONFIG_MAPS, namespace: cluster.heddleNamespace, name: INSTALL_NAMES.trustBundle }
  return ask(cluster, `read ConfigMap ${INSTALL_NAMES.trustBundle}`, async () => {
    const found = await cluster.kube.get<ConfigMapObject>(name)
    const pem = found?.data?.[TRUST_BUNDLE_KEY]
    if (pem === undefined) throw new Error(`ConfigMap ${INSTALL_NAMES.trustBundle} has not been written`)
    return pem
  })
}

function toRoots(pem: string): readonly CertificateFact[] {
  return readCertificates(pem).map(toCertificateFact)
}

interface WebhookObject extends KubeObject {
  readonly webhooks?: readonly {
    readonly name: string
    readonly failurePolicy?: string
    readonly clientConfig?: { readonly caBundle?: string }
  }[]
}

function collectWebhooks(cluster: Cluster, trustPem: string): Promise<Fact<readonly WebhookFact[]>> {
  const trusted = new Set(fingerprints(trustPem))
  return ask(cluster, 'read webhook configurations', async () => {
    const found = await Promise.all([
      cluster.kube.get<WebhookObject>({ resource: MUTATING_WEBHOOKS, name: INSTALL_NAMES.injector }),
      cluster.kube.get<WebhookObject>({ resource: VALIDATING_WEBHOOKS, name: INSTALL_NAMES.validator }),
    ])
    return found.flatMap((one) =>
      (one?.webhooks ?? []).map(({ name, failurePolicy = 'Fail', clientConfig }) => {
        const caBundle = Buffer.from(clientConfig?.caBundle ?? '', 'base64').toString('utf8')
        const isTrusted = fingerprints(caBundle).some((print) => trusted.has(print))
        return { configuration: one!.metadata.name, name, failurePolicy, caBundle, isTrusted }
      }),
    )
  })
}

function fingerprints(pem: string): readonly string[] {
  return readCertificates(pem).map(({ fingerprint256 }) => fingerprint256)
}

function mapFact<T, U>(fact: Fact<T>, change: (value: T) => U): Fact<U> {
  return fact.kind === 'known' ? { kind: 'known', value: change(fact.value) } : fact
}
