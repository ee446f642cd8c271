import { SharedReads } from '../shared-reads.ts'
import { formatJoinTokens, type JoinTokenRecord, parseJoinTokens } from './join-token-file.ts'
import { parseJoinToken } from './join-token-text.ts'
import {
  type JoinToken,
  type JoinTokenBook,
  type JoinTokenRequest,
  type JoinTokenRules,
  JoinTokens,
  type TokenVerdict,
} from './join-tokens.ts'
import { type SecretTexts, SharedSecret, type SharedSecretOptions } from './shared-secret.ts'

export interface SharedJoinTokensOptions extends JoinTokenRules, SharedSecretOptions {}

/** A Secret holds 1 MiB. */
const MAX_TOKENS = 2_000
const KEY = 'join-tokens.json'

/**
 * Join tokens that all replicas share, as hashes in a Secret. Each question reads it, and each change names the version that it
 * is based on: so a single-use token is used up once, whichever replicas are asked at the same time.
 */
export class SharedJoinTokens implements JoinTokenBook {
  readonly #rules: JoinTokenRules
  readonly #secret: SharedSecret
  /** Anyone can ask for a check, and must not slow down what else is asked of the API server. */
  readonly #reads: SharedReads<SecretTexts>

  constructor({ client, namespace, name, labels, ...rules }: SharedJoinTokensOptions) {
    const secret = new SharedSecret({ client, namespace, name, ...(labels && { labels }) })
    this.#rules = rules
    this.#secret = secret
    this.#reads = new SharedReads(() => secret.read(), rules.clock)
  }

  create(request: JoinTokenRequest): Promise<JoinToken> {
    return this.#with((tokens) => tokens.create(request))
  }

  async check(token: string, keyHash?: string): Promise<TokenVerdict> {
    if (parseJoinToken(token) === undefined) return { kind: 'refused', reason: 'token_malformed' }
    const records = this.#recordsIn(await this.#reads.read(KEY))
    const save = () => Promise.resolve()
    return new JoinTokens({ ...this.#rules, save }, records).check(token, keyHash)
  }

  redeem(token: string, keyHash: string): Promise<TokenVerdict> {
    return this.#with((tokens) => tokens.redeem(token, keyHash))
  }

  #with<T>(work: (tokens: JoinTokens) => T | Promise<T>): Promise<T> {
    return this.#secret.change((texts, write) => {
      const save = (records: Iterable<JoinTokenRecord>) => write({ [KEY]: formatJoinTokens(records) })
      return work(new JoinTokens({ maxTokens: MAX_TOKENS, ...this.#rules, save }, this.#recordsIn(texts)))
    })
  }

  #recordsIn(texts: SecretTexts): readonly JoinTokenRecord[] {
    const text = texts[KEY]
    if (text === undefined) return []
    return parseJoinTokens(text, { place: this.#secret.place, remedy: 'delete it, and make new join tokens' })
  }
}
