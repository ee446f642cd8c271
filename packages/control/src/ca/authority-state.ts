import { X509Certificate } from 'node:crypto'
import type { Authority, AuthorityCertificate } from './authority-key.ts'
import type { AuthorityTexts } from './authority-store.ts'
import { type RootChange, type RootRecord, type RootStep, STEADY } from './root-record.ts'

/** The next root while one is prepared. */
export interface NextAuthority {
  readonly root: Authority
  /** `undefined`: a person put the root there, and its issuer was not made yet. */
  readonly issuer: Authority | undefined
}

/** An authority at one time, read from what is kept of it. */
export interface AuthorityState {
  readonly texts: AuthorityTexts
  readonly root: Authority
  /** Of that root. */
  readonly issuer: Authority
  readonly next: NextAuthority | undefined
  /** The root before, for as long as something that it stands behind may be valid. */
  readonly former: AuthorityCertificate | undefined
  /** As it is kept: of an earlier step, where a crash came between. */
  readonly record: RootRecord
  /** What is there beside root and issuer and cannot be used, and why; empty: nothing. */
  readonly problem: string
}

/** In which step a change of the root is. */
export function stepOf({ next, former }: Pick<AuthorityState, 'next' | 'former'>): RootStep {
  // A next one that was put there before the change before it is over waits for its turn.
  if (former !== undefined) return 'activated'
  return next === undefined ? 'steady' : 'prepared'
}

/** Which change of the root is under way. */
export function changeOf(state: Pick<AuthorityState, 'root' | 'next' | 'former'>): RootChange {
  const step = stepOf(state)
  const coming = step === 'activated' ? state.root : state.next?.root
  return coming === undefined ? STEADY : { step, root: coming.certificate.fingerprint256 }
}

/** What everybody of the mesh trusts, PEM, the oldest first: the order does not change when another of them signs. */
export function bundleOf({ root, next, former }: Pick<AuthorityState, 'root' | 'next' | 'former'>): string {
  return [former, root, next?.root].map((one) => one?.certificatePem ?? '').join('')
}

/** Whether a text is, or begins with, the certificate. */
export function isOfCertificate(text: string | undefined, { certificate }: AuthorityCertificate): boolean {
  try {
    return text !== undefined && new X509Certificate(text).raw.equals(certificate.raw)
  } catch {
    return false
  }
}
