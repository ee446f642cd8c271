import type { Clock } from '@heddle/base/clock'
import type { Log } from '@heddle/base/log'
import type { KubeClient } from '@heddle/kube/client'
import { INSTALL_NAMES } from '@heddle/kube/install/names'
import { SECRETS } from '@heddle/kube/resources'
import type { CertificateAuthority } from '../ca/certificate-authority.ts'
import { followOne } from './follow-one.ts'
import { Repair } from './repair.ts'

export interface FollowAuthorityOptions {
  readonly client: Pick<KubeClient, 'listPages' | 'watch'>
  readonly ca: CertificateAuthority
  readonly namespace: string
  readonly clock: Clock
  readonly log: Log
}

/** Takes over what other replicas make of the shared authority, and puts its Secret back where somebody removed it. */
export function followAuthority(options: FollowAuthorityOptions, signal: AbortSignal): void {
  const { client, ca, namespace, clock, log } = options
  const name = INSTALL_NAMES.authority
  const repair = new Repair({ what: `Secret ${namespace}/${name}`, clock, log }, () => ca.reload())
  // Only that it changed: its keys are kept in no cache.
  const trim = () => true as const
  const heard = (present: true | undefined) => repair.after(present, signal)
  void followOne({ client, resource: SECRETS, namespace, name, trim, clock, log }, heard, signal)
}
