import { hostname } from 'node:os'
import { CONTROL_ACCOUNT } from '@heddle/api/control-account'
import type { HostPort } from '@heddle/base/host-port'
import type { FlagReader } from './flag-reader.ts'

/** What the control plane of a cluster must know beside. */
export interface KubernetesConfig {
  /** `undefined`: as the pod that it runs in. */
  readonly kubeconfig: string | undefined
  /** Of the kubeconfig; `undefined`: its current one. */
  readonly context: string | undefined
  /** Where Heddle is installed: of its Secrets, its Lease, its Services, and of its own identity. */
  readonly namespace: string
  /** Tells the replicas apart. */
  readonly replica: string
  /** Where the API server's webhooks are answered; `undefined`: nowhere. */
  readonly webhookListen: HostPort | undefined
}

/** @returns `undefined` without `--kubernetes`; flags that only make sense with it are problems then */
export function readKubernetesFlags(read: FlagReader): KubernetesConfig | undefined {
  if (!read.isSet('kubernetes')) {
    for (const name of ['kubeconfig', 'context', 'namespace', 'replica', 'webhook-listen']) {
      read.excluded(name, 'only with --kubernetes')
    }
    return undefined
  }
  return {
    kubeconfig: read.text('kubeconfig'),
    context: read.text('context'),
    namespace: read.label('namespace', CONTROL_ACCOUNT.namespace),
    replica: read.text('replica') ?? hostname(),
    webhookListen: read.hostPort('webhook-listen'),
  }
}
