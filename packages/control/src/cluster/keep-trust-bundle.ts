import type { Clock } from '@heddle/base/clock'
import type { Log } from '@heddle/base/log'
import { type KubeClient, KubeError, type KubeObject, type Resource } from '@heddle/kube/client'
import { INSTALL_NAMES, INSTALLATION_LABEL, TRUST_BUNDLE_KEY } from '@heddle/kube/install/names'
import { CONFIG_MAPS, MUTATING_WEBHOOKS, VALIDATING_WEBHOOKS } from '@heddle/kube/resources'
import type { CertificateAuthority } from '../ca/certificate-authority.ts'
import { followOne } from './follow-one.ts'
import { Repair } from './repair.ts'

export interface TrustBundleOptions {
  readonly client: Pick<KubeClient, 'listPages' | 'watch' | 'apply' | 'patch'>
  /** Heddle's own. */
  readonly namespace: string
  /** Has what everybody of the mesh trusts. */
  readonly ca: Pick<CertificateAuthority, 'trustBundlePem' | 'onTrustChange'>
  readonly labels: Readonly<Record<string, string>>
  readonly clock: Clock
  readonly log: Log
}

/** Who owns the fields that are written here. */
const FIELD_MANAGER = 'heddle-control'

interface WebhookConfiguration extends KubeObject {
  readonly webhooks?: readonly { readonly name: string; readonly clientConfig?: { readonly caBundle?: string } }[]
}

interface ConfigMap extends KubeObject {
  readonly data?: Readonly<Record<string, string>>
}

/**
 * Keeps the root certificates where others look for them: in a ConfigMap for the command line, and in the webhook
 * configurations for the API server. Whatever is changed or removed by somebody else is put right, until `signal` is aborted.
 */
export function keepTrustBundle(options: TrustBundleOptions, signal: AbortSignal): void {
  keepConfigMap(options, signal)
  keepCaBundle(options, { resource: MUTATING_WEBHOOKS, name: INSTALL_NAMES.injector }, signal)
  keepCaBundle(options, { resource: VALIDATING_WEBHOOKS, name: INSTALL_NAMES.validator }, signal)
}

function keepConfigMap(options: TrustBundleOptions, signal: AbortSignal): void {
  const { client, namespace, ca, labels, clock, log } = options
  const name = INSTALL_NAMES.trustBundle
  let present: string | undefined
  const repair = new Repair({ what: `ConfigMap ${namespace}/${name}`, clock, log }, async () => {
    const [wanted, seen] = [ca.trustBundlePem, present]
    if (seen === wanted) return
    const metadata = { namespace, name, labels }
    const object = { apiVersion: 'v1', kind: 'ConfigMap', metadata, data: { [TRUST_BUNDLE_KEY]: wanted } }
    await client.apply(CONFIG_MAPS, object, { fieldManager: FIELD_MANAGER, force: true })
    // Unless it was heard of meanwhile.
    if (present === seen) present = wanted
  })
  const trim = (object: ConfigMap) => object.data?.[TRUST_BUNDLE_KEY] ?? ''
  const heard = (value: string | undefined) => {
    present = value
    repair.after(value, signal)
  }
  ca.onTrustChange(() => repair.soon(signal), signal)
  void followOne({ client, resource: CONFIG_MAPS, namespace, name, trim, clock, log }, heard, signal)
}

/** One configuration of webhooks. */
interface WebhooksRef {
  readonly resource: Resource
  readonly name: string
}

/** What is looked at of one webhook. */
interface Webhook {
  readonly name: string
  readonly caBundle: string
}

/** Only of the own installation: another one of the same cluster has the names too, and another authority. */
function keepCaBundle(options: TrustBundleOptions, { resource, name }: WebhooksRef, signal: AbortSignal): void {
  const { client, namespace, ca, clock, log } = options
  let present: readonly Webhook[] = []
  const repair = new Repair({ what: `${resource.kind} ${name}`, clock, log }, async () => {
    const caBundle = toBase64(ca.trustBundlePem)
    const seen = present
    const found = seen.filter((webhook) => webhook.caBundle !== caBundle).map((webhook) => webhook.name)
    if (found.length === 0) return
    const patch = { webhooks: found.map((webhook) => ({ name: webhook, clientConfig: { caBundle } })) }
    try {
      await client.patch({ resource, name }, patch, { type: 'strategic' })
      log.info('webhook trusts the control plane', { configuration: name, webhooks: found })
      // Unless it was heard of meanwhile.
      if (present === seen) present = seen.map((webhook) => ({ ...webhook, caBundle }))
    } catch (error) {
      // Removed meanwhile, as by an uninstallation.
      if (!(error instanceof KubeError) || error.status !== 404) throw error
    }
  })
  const trim = ({ metadata, webhooks = [] }: WebhookConfiguration): readonly Webhook[] => {
    if (metadata.labels?.[INSTALLATION_LABEL] !== namespace) return []
    return webhooks.map((webhook) => ({ name: webhook.name, caBundle: webhook.clientConfig?.caBundle ?? '' }))
  }
  const heard = (value: readonly Webhook[] | undefined) => {
    present = value ?? []
    repair.soon(signal)
  }
  ca.onTrustChange(() => repair.soon(signal), signal)
  void followOne({ client, resource, name, trim, clock, log }, heard, signal)
}

function toBase64(pem: string): string {
  return Buffer.from(pem).toString('base64')
}
