import type { Clock } from '@heddle/base/clock'
import type { Log } from '@heddle/base/log'
import { type AuthorityState, bundleOf, isOfCertificate, stepOf } from './authority-state.ts'
import {
  AUTHORITY_PARTS,
  type AuthorityChange,
  type AuthorityStore,
  type AuthorityTexts,
  changed,
  type DecideChange,
} from './authority-store.ts'
import { CaError } from './ca-error.ts'
import { type AuthorityPlace, changesAtStart, endActivation, readState, requireUnexpired } from './open-authority.ts'

export interface KeptAuthorityOptions {
  readonly store: AuthorityStore
  readonly trustDomain: string
  readonly clock: Clock
  readonly log: Log
  /** Of certificates that will be signed here; ms. */
  readonly leafLifeMs: number
}

/** What to change of a state; see {@link KeptAuthority.change}. */
export type MakeChange = (state: AuthorityState, place: AuthorityPlace) => AuthorityChange | Promise<AuthorityChange>

/** An authority that is kept in a store, as it is there at present: the one place where it changes. */
export class KeptAuthority {
  readonly #options: KeptAuthorityOptions
  readonly #trustListeners = new Set<() => void>()
  #state: AuthorityState
  #bundlePem: string
  #changed = new AbortController()
  #last: Promise<unknown> = Promise.resolve()

  constructor(options: KeptAuthorityOptions, state: AuthorityState) {
    this.#options = options
    this.#state = state
    this.#bundlePem = bundleOf(state)
  }

  get state(): AuthorityState {
    return this.#state
  }

  /** What everybody trusts, PEM. */
  get bundlePem(): string {
    return this.#bundlePem
  }

  /** Is aborted when anything of the authority changes; another one from then on. */
  get changed(): AbortSignal {
    return this.#changed.signal
  }

  /** Calls `listener` after each change of {@link bundlePem}, until `signal` is aborted. */
  onTrustChange(listener: () => void, signal: AbortSignal): void {
    if (signal.aborted) return
    this.#trustListeners.add(listener)
    signal.addEventListener('abort', () => this.#trustListeners.delete(listener), { once: true })
  }

  /**
   * Changes what is kept, unless it is not what it was here any more: then nothing is changed, and what is there is taken over.
   *
   * @returns whether the change was made
   * @throws {CaError} as {@link reload}
   */
  async change(make: MakeChange): Promise<boolean> {
    return await this.#inTurn(async () => {
      const before = this.#state
      let isMade = false
      const decide: DecideChange = async (present) => {
        const repair = repairOf(present, before.texts)
        isMade = isSame(changed(present, repair), before.texts)
        return isMade ? { ...repair, ...(await make(before, this.#place())) } : repair
      }
      await this.#adopt(await this.#options.store.change(decide))
      return isMade
    })
  }

  /**
   * Takes over what others have put into the store, and puts back what was removed from it.
   *
   * @throws {CaError} when what is there cannot be used, or comes from another root; what was in force stays so
   */
  async reload(): Promise<void> {
    await this.#inTurn(async () => {
      const { texts } = this.#state
      await this.#adopt(await this.#options.store.change((present) => repairOf(present, texts)))
    })
  }

  /** One after the other: what was read earlier must not be taken over later. */
  #inTurn<T>(work: () => Promise<T>): Promise<T> {
    const done = this.#last.then(work)
    this.#last = done.catch(() => undefined)
    return done
  }

  #place(): AuthorityPlace {
    return placeIn(this.#options)
  }

  async #adopt(texts: AuthorityTexts): Promise<void> {
    if (isSame(texts, this.#state.texts)) return
    const state = await readState(this.#place(), texts)
    this.#requireSuccession(state)
    this.#use(state)
  }

  /** Whose root is replaced by a change of the root knows the new one or finds its own among those of before; all else is another mesh. */
  #requireSuccession({ root, former }: AuthorityState): void {
    const { root: own, next } = this.#state
    const isKnown = [own, next?.root].some((one) => one?.certificate.raw.equals(root.certificate.raw))
    if (isKnown || isOfCertificate(former?.certificatePem, own)) return
    const name = this.#options.store.placeOf('root')
    throw new CaError(`${name}: another root than at the start; start all control planes anew`)
  }

  #use(state: AuthorityState): void {
    const before = this.#state
    const bundlePem = bundleOf(state)
    this.#state = state
    tellChanges(this.#options.log, before, state)
    const isNewBundle = bundlePem !== this.#bundlePem
    this.#bundlePem = bundlePem
    if (isNewBundle) for (const listener of [...this.#trustListeners]) listener()
    const changed = this.#changed
    this.#changed = new AbortController()
    changed.abort()
  }
}

/**
 * Opens what is kept, and makes it where there is nothing yet.
 *
 * @throws {CaError} saying what to repair
 */
export async function openKeptAuthority(options: KeptAuthorityOptions): Promise<KeptAuthority> {
  const { store, leafLifeMs } = options
  const place = placeIn(options)
  const texts = await store.change((present) => changesAtStart(place, present, leafLifeMs))
  const state = await readState(place, texts)
  requireUnexpired(place, state.root)
  if (state.problem !== '') options.log.error('part of the authority not usable', { problem: state.problem })
  return new KeptAuthority(options, state)
}

function placeIn({ store, trustDomain, clock }: KeptAuthorityOptions): AuthorityPlace {
  return { store, trustDomain, nowMs: clock.nowMs() }
}

function tellChanges(log: Log, before: AuthorityState, now: AuthorityState): void {
  if (before.texts.issuer !== now.texts.issuer) log.info('issuer changed', { notAfterMs: now.issuer.notAfterMs })
  const step = stepOf(now)
  if (stepOf(before) !== step) log.info('root changes', { step, notAfterMs: now.root.notAfterMs })
  if (now.problem !== '' && now.problem !== before.problem) {
    log.error('part of the authority not usable', { problem: now.problem })
  }
}

function isSame(one: AuthorityTexts, other: AuthorityTexts): boolean {
  return AUTHORITY_PARTS.every((part) => one[part] === other[part])
}

/** A change that a full disk has broken off is ended here as well, and not at the next start alone: nothing could be read until then. */
function repairOf(present: AuthorityTexts, known: AuthorityTexts): AuthorityChange {
  const missing = missingOf(present, known)
  return { ...missing, ...endActivation(changed(present, missing)) }
}

/** Root and issuer are never removed on purpose. With both of them gone all is; what else is missing was taken away. */
function missingOf(present: AuthorityTexts, known: AuthorityTexts): AuthorityChange {
  if (present.root !== undefined && present.issuer !== undefined) return {}
  const isEmpty = AUTHORITY_PARTS.every((part) => present[part] === undefined)
  const missing = AUTHORITY_PARTS.filter(
    (part) =>
      present[part] === undefined && known[part] !== undefined && (isEmpty || part === 'root' || part === 'issuer'),
  )
  return Object.fromEntries(missing.map((part) => [part, known[part]]))
}
