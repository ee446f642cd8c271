import type { Clock } from '@heddle/base/clock'
import type { CertificateAuthority } from './certificate-authority.ts'

export interface KeepAuthorityOptions {
  readonly ca: Pick<CertificateAuthority, 'rotateWhenDue' | 'roots' | 'changed'>
  readonly clock: Clock
}

/** Replaces the issuer and changes the root when it is time, also where nobody asks for certificates, until `signal` is aborted. */
export function keepAuthority({ ca, clock }: KeepAuthorityOptions, signal: AbortSignal): void {
  const keep = async () => {
    while (!signal.aborted) {
      const { changed } = ca
      await lookAtAuthority(ca)
      await clock.sleep(ca.roots.lookAgainMs, AbortSignal.any([signal, changed]))
    }
  }
  void keep()
}

/** Does what is due, if this control plane may. */
export async function lookAtAuthority(ca: Pick<CertificateAuthority, 'rotateWhenDue' | 'roots'>): Promise<void> {
  await ca.rotateWhenDue()
  await ca.roots.look()
}
