import { createPublicKey } from 'node:crypto'
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { createLog } from '@heddle/base/log'
import { createWorkloadKey } from '@heddle/identity/key-pair'
import { ManualClock } from '@heddle/testkit/manual-clock'
import { type AuthorityStore, directoryStore } from '../src/ca/authority-store.ts'
import { type CertificateAuthority, openCertificateAuthority } from '../src/ca/certificate-authority.ts'

export const HOUR_MS = 3_600_000
export const TRUST_DOMAIN = 'heddle.local'

/** What an authority is opened with beside its directory. */
export interface OpenOptions {
  readonly leafLifeMs?: number
  readonly store?: AuthorityStore
  readonly mayRotate?: () => boolean
}

/** An authority in a directory of its own whose root is changed, and the clock by which that goes. */
export class RootWorld implements AsyncDisposable {
  readonly clock = new ManualClock()
  /** What was logged. */
  readonly lines: string[] = []
  readonly #above: string

  private constructor(above: string) {
    this.#above = above
  }

  static async create(): Promise<RootWorld> {
    return new RootWorld(await mkdtemp(join(tmpdir(), 'heddle-root-')))
  }

  /** Where the authority is kept. */
  get dir(): string {
    return join(this.#above, 'ca')
  }

  /** A control plane that starts. */
  open(options: OpenOptions = {}): Promise<CertificateAuthority> {
    const { dir, clock } = this
    const log = createLog((line) => this.lines.push(line), 'info')
    return openCertificateAuthority({ store: directoryStore(dir), trustDomain: TRUST_DOMAIN, clock, log, ...options })
  }

  /** Lets hours pass in which somebody looks every few minutes, as `keepAuthority` does. */
  async run(ca: CertificateAuthority, hours: number): Promise<void> {
    for (let looks = 0; looks < Math.round(hours * 10); looks++) {
      await ca.roots.look()
      this.clock.advance(HOUR_MS / 10)
    }
    await ca.roots.look()
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await rm(this.#above, { recursive: true, force: true })
  }
}

/** A certificate of a workload. */
export async function sign(ca: CertificateAuthority) {
  const { privateKey } = await createWorkloadKey()
  const publicKeyDer = createPublicKey(privateKey).export({ format: 'der', type: 'spki' })
  return await ca.sign({ publicKeyDer, spiffeId: `spiffe://${TRUST_DOMAIN}/ns/shop/sa/web` })
}

/** What a proxy has that trusts `trustBundlePem`. */
export function toChain({ chainPem }: { readonly chainPem: string }, trustBundlePem: string) {
  return { certificateChainPem: chainPem, trustBundlePem }
}
