import { type KubeClient, KubeError, type KubeMeta, type KubeObject } from '@heddle/kube/client'
import { SECRETS } from '@heddle/kube/resources'
import { CaError } from './ca-error.ts'
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

export interface SharedJoinTokensOptions extends JoinTokenRules {
  readonly client: Pick<KubeClient, 'get' | 'create' | 'update'>
  readonly namespace: string
  readonly name: string
  readonly labels: Readonly<Record<string, string>>
}

interface Secret extends KubeObject {
  readonly data?: Readonly<Record<string, string>>
}

/** A Secret holds 1 MiB. */
const MAX_TOKENS = 2_000
const MAX_TRIES = 10
const KEY = 'join-tokens.json'

/**
 * Join tokens that all replicas share, as hashes in a Secret. Each question reads it, and each change names the version that it
 * is based on: so a single-use token is used up once, whichever replicas are asked at the same time.
 */
export class SharedJoinTokens implements JoinTokenBook {
  readonly #options: SharedJoinTokensOptions
  /** The last reading that was begun by a check, and the one that begins when it is over. */
  #reading: Promise<unknown> = Promise.resolve()
  #next: Promise<Secret | undefined> | undefined

  constructor(options: SharedJoinTokensOptions) {
    this.#options = options
  }

  create(request: JoinTokenRequest): Promise<JoinToken> {
    return this.#with((tokens) => tokens.create(request))
  }

  async check(token: string, keyHash?: string): Promise<TokenVerdict> {
    if (parseJoinToken(token) === undefined) return { kind: 'refused', reason: 'token_malformed' }
    const { client: _, namespace: _namespace, name: _name, labels: _labels, ...rules } = this.#options
    const save = () => Promise.resolve()
    return new JoinTokens({ ...rules, save }, this.#recordsIn(await this.#readSoon())).check(token, keyHash)
  }

  /**
   * Reads the Secret after it was called, together with whoever else wants that: anyone can ask for a check, and must not slow down
   * what else is asked of the API server.
   */
  #readSoon(): Promise<Secret | undefined> {
    this.#next ??= this.#reading
      .catch(() => undefined)
      .then(() => {
        this.#reading = this.#next!
        this.#next = undefined
        return this.#read()
      })
    return this.#next
  }

  #read(): Promise<Secret | undefined> {
    const { client, namespace, name } = this.#options
    return client.get<Secret>({ resource: SECRETS, namespace, name })
  }

  redeem(token: string, keyHash: string): Promise<TokenVerdict> {
    return this.#with((tokens) => tokens.redeem(token, keyHash))
  }

  async #with<T>(work: (tokens: JoinTokens) => T | Promise<T>): Promise<T> {
    const { client: _client, namespace, name, labels: _, ...rules } = this.#options
    for (let tries = 0; tries < MAX_TRIES; tries++) {
      const secret = await this.#read()
      const save = (records: Iterable<JoinTokenRecord>) => this.#save(secret, records)
      const tokens = new JoinTokens({ maxTokens: MAX_TOKENS, ...rules, save }, this.#recordsIn(secret))
      try {
        return await work(tokens)
      } catch (error) {
        if (!(error instanceof KubeError) || error.status !== 409) throw error
      }
    }
    throw new CaError(`Secret ${namespace}/${name}: changed by others ${MAX_TRIES} times while it was being written`)
  }

  #recordsIn(secret: Secret | undefined): readonly JoinTokenRecord[] {
    const encoded = secret?.data?.[KEY]
    if (encoded === undefined) return []
    const records = parseJoinTokens(Buffer.from(encoded, 'base64').toString('utf8'))
    if (records !== undefined) return records
    const { namespace, name } = this.#options
    throw new CaError(`Secret ${namespace}/${name}: damaged; delete it, and make new join tokens`)
  }

  async #save(secret: Secret | undefined, records: Iterable<JoinTokenRecord>): Promise<void> {
    const { client, namespace, name, labels } = this.#options
    const metadata: KubeMeta = secret?.metadata ?? { namespace, name, labels }
    const data = { ...secret?.data, [KEY]: Buffer.from(formatJoinTokens(records)).toString('base64') }
    const written = { apiVersion: 'v1', kind: 'Secret', type: 'Opaque', ...secret, metadata, data }
    if (secret === undefined) await client.create(SECRETS, written)
    else await client.update(SECRETS, written)
  }
}
