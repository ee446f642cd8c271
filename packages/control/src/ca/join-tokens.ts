import type { Clock } from '@heddle/base/clock'
import { messageOf } from '@heddle/base/message-of'
import { formatSpiffeId } from '@heddle/identity/spiffe-id'
import { type JoinTokenRecord, readJoinTokens, writeJoinTokens } from './join-token-file.ts'
import { createJoinTokenText, formatJoinToken, hashSecret, isSecretOf, parseJoinToken } from './join-token-text.ts'

/** For which identities there may be tokens, and how many. */
export interface JoinTokenRules {
  readonly trustDomain: string
  readonly clock: Clock
  /** Tokens that may exist at once; 10,000 unless given. */
  readonly maxTokens?: number
}

export interface JoinTokensOptions extends JoinTokenRules {
  /** Keeps all of them, whole or not at all. */
  readonly save: (records: Iterable<JoinTokenRecord>) => Promise<void>
}

/** The tokens by which workloads prove themselves the first time, wherever they are kept. */
export interface JoinTokenBook {
  /**
   * Makes a token for one identity.
   *
   * @throws {JoinTokenError} when the identity or the life cannot be, or too many tokens exist
   */
  create(request: JoinTokenRequest): Promise<JoinToken>
  /** Whose token it is, if it may still be redeemed by the key of `keyHash`. Changes nothing. */
  check(token: string, keyHash?: string): TokenVerdict | Promise<TokenVerdict>
  /**
   * Uses a token up for the key of `keyHash`; that this happened is kept before the promise resolves.
   *
   * A single-use token may be redeemed again by the same key for 5 minutes, since an answer can get lost.
   */
  redeem(token: string, keyHash: string): Promise<TokenVerdict>
}

/** Whom a token is to be for, and for how long. */
export interface JoinTokenRequest {
  readonly namespace: string
  readonly serviceAccount: string
  /** 1 s to 24 h. */
  readonly ttlMs: number
  /** Good for any number of workloads until it expires; otherwise for one. */
  readonly reusable: boolean
}

/** A token that was made, as the person who asked for it gets it. */
export interface JoinToken {
  /** A secret; it is shown once and kept nowhere. */
  readonly token: string
  readonly expiresMs: number
}

/** Why a token is refused; the same words in metrics and logs. */
export type TokenRefusal = 'token_malformed' | 'token_unknown' | 'token_expired' | 'token_used'

/** Whose token it is, as a SPIFFE id, and which; or why that does not count. */
export type TokenVerdict =
  | { readonly kind: 'good'; readonly spiffeId: string; readonly id: string }
  | { readonly kind: 'refused'; readonly reason: TokenRefusal }

/** What cannot be made: the message says what to change. */
export class JoinTokenError extends Error {
  override readonly name = 'JoinTokenError'
}

const SHORTEST_TTL_MS = 1000
const LONGEST_TTL_MS = 24 * 3_600_000
const DEFAULT_MAX_TOKENS = 10_000
/** A workload whose first answer was lost asks again with the same key, for so long. */
const SAME_KEY_AGAIN_MS = 5 * 60_000

/**
 * Reads the tokens of a file, which is made with mode 0600 beside, not in, the authority's directory; those that expired
 * are dropped.
 *
 * @throws {CaError} when the file is damaged or open to other users
 */
export async function openJoinTokens(options: JoinTokenRules & { readonly file: string }): Promise<JoinTokens> {
  const { file, ...rules } = options
  return new JoinTokens({ ...rules, save: (records) => writeJoinTokens(file, records) }, await readJoinTokens(file))
}

/**
 * The tokens by which workloads prove themselves the first time. Only hashes are kept; every change is on the disk
 * before it is answered, so neither a crash nor a restart forgets a token or gives a used one back.
 */
export class JoinTokens implements JoinTokenBook {
  readonly #options: JoinTokensOptions
  readonly #records = new Map<string, JoinTokenRecord>()
  /** Taken by a key that was given nothing for it yet: what it was used for could not be kept. */
  readonly #unanswered = new Set<string>()
  #writing: Promise<void> = Promise.resolve()

  constructor(options: JoinTokensOptions, records: readonly JoinTokenRecord[]) {
    this.#options = options
    for (const record of records) this.#records.set(record.id, record)
    this.#purge()
  }

  /** How many tokens are kept, used ones included until they would have expired. */
  get size(): number {
    return this.#records.size
  }

  async create(request: JoinTokenRequest): Promise<JoinToken> {
    const { namespace, serviceAccount, ttlMs, reusable } = request
    this.#purge()
    const problem = this.#problemOf(request)
    if (problem !== undefined) throw new JoinTokenError(problem)
    const text = createJoinTokenText()
    const expiresMs = this.#options.clock.nowMs() + ttlMs
    const secretHash = hashSecret(text.secret)
    this.#records.set(text.id, { id: text.id, secretHash, namespace, serviceAccount, expiresMs, reusable })
    await this.#write().catch((error: unknown) => {
      this.#forget(text.id)
      throw error
    })
    return { token: formatJoinToken(text), expiresMs }
  }

  check(token: string, keyHash?: string): TokenVerdict {
    const text = parseJoinToken(token)
    if (text === undefined) return { kind: 'refused', reason: 'token_malformed' }
    const record = this.#records.get(text.id)
    if (record === undefined || !isSecretOf(text.secret, record.secretHash)) {
      return { kind: 'refused', reason: 'token_unknown' }
    }
    const refusal = this.#refusalOf(record, keyHash)
    if (refusal !== undefined) return { kind: 'refused', reason: refusal }
    return { kind: 'good', spiffeId: this.#identityOf(record), id: record.id }
  }

  async redeem(token: string, keyHash: string): Promise<TokenVerdict> {
    const verdict = this.check(token, keyHash)
    if (verdict.kind === 'refused') return verdict
    const record = this.#records.get(verdict.id)!
    if (record.reusable) return verdict
    // Taken in memory first: whoever comes while the disk is busy is refused already.
    if (record.usedBy === undefined || this.#unanswered.has(record.id)) {
      this.#records.set(record.id, { ...record, usedBy: { keyHash, atMs: this.#options.clock.nowMs() } })
      this.#unanswered.add(record.id)
    }
    // The first asker's write may still be under way, or may have failed: the second must not be answered before it.
    await this.#write()
    this.#unanswered.delete(record.id)
    return verdict
  }

  #refusalOf({ id, usedBy, expiresMs }: JoinTokenRecord, keyHash: string | undefined): TokenRefusal | undefined {
    const nowMs = this.#options.clock.nowMs()
    if (usedBy === undefined) return nowMs < expiresMs ? undefined : 'token_expired'
    // Not asked for a key: the caller wants to know whose token it is before it reads the request that has the key.
    const isSameKey = keyHash === undefined || keyHash === usedBy.keyHash
    const againUntilMs = usedBy.atMs + SAME_KEY_AGAIN_MS
    const untilMs = this.#unanswered.has(id) ? Math.max(expiresMs, againUntilMs) : againUntilMs
    return isSameKey && nowMs < untilMs ? undefined : 'token_used'
  }

  #problemOf(request: JoinTokenRequest): string | undefined {
    const max = this.#options.maxTokens ?? DEFAULT_MAX_TOKENS
    if (this.#records.size >= max) return `${max} join tokens exist already; wait until some have expired`
    if (!(request.ttlMs >= SHORTEST_TTL_MS && request.ttlMs <= LONGEST_TTL_MS)) {
      return 'a join token lives from one second to 24 hours'
    }
    try {
      this.#identityOf(request)
      return undefined
    } catch (error) {
      return messageOf(error)
    }
  }

  #identityOf({ namespace, serviceAccount }: { readonly namespace: string; readonly serviceAccount: string }): string {
    return formatSpiffeId({ trustDomain: this.#options.trustDomain, namespace, serviceAccount })
  }

  /** Writes follow one another; each writes the state of its own turn. */
  #write(): Promise<void> {
    const write = this.#writing.then(() => this.#options.save(this.#records.values()))
    this.#writing = write.catch(() => undefined)
    return write
  }

  #purge(): void {
    const nowMs = this.#options.clock.nowMs()
    for (const record of this.#records.values()) {
      const againUntilMs = (record.usedBy?.atMs ?? Number.NEGATIVE_INFINITY) + SAME_KEY_AGAIN_MS
      if (nowMs >= Math.max(record.expiresMs, againUntilMs)) this.#forget(record.id)
    }
  }

  #forget(id: string): void {
    this.#records.delete(id)
    this.#unanswered.delete(id)
  }
}
