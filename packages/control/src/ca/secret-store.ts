import { type KubeClient, KubeError, type KubeMeta, type KubeObject } from '@heddle/kube/client'
import { SECRETS } from '@heddle/kube/resources'
import type { AuthorityPart, AuthorityStore } from './authority-store.ts'
import { CaError } from './ca-error.ts'

export interface SecretStoreOptions {
  readonly client: Pick<KubeClient, 'get' | 'create' | 'update'>
  readonly namespace: string
  readonly name: string
  readonly labels?: Readonly<Record<string, string>>
}

interface Secret extends KubeObject {
  readonly type?: string
  readonly data?: Readonly<Record<string, string>>
}

/** Replicas that start together meet here a few times at most. */
const MAX_TRIES = 10

/**
 * A Secret with `root.pem` and `issuer.pem`, which all replicas share. What one has written is never overwritten by
 * another that has not seen it: each write names the version that it is based on.
 */
export function secretStore(options: SecretStoreOptions): AuthorityStore {
  const { client, namespace, name } = options
  const read = () => client.get<Secret>({ resource: SECRETS, namespace, name })
  const put = (part: AuthorityPart, text: string, expected: string | undefined) =>
    putUnlessChanged(options, part, { text, expected })
  return {
    placeOf: (part) => `Secret ${namespace}/${name}, key ${keyOf(part)}`,
    read: async (part) => textOf(await read(), part),
    create: (part, text) => put(part, text, undefined),
    replace: (part, before, text) => put(part, text, before),
  }
}

interface Change {
  readonly text: string
  /** What must be there for the text to be put there. */
  readonly expected: string | undefined
}

async function putUnlessChanged(
  { client, namespace, name, labels }: SecretStoreOptions,
  part: AuthorityPart,
  { text, expected }: Change,
): Promise<string> {
  for (let tries = 0; tries < MAX_TRIES; tries++) {
    const secret = await client.get<Secret>({ resource: SECRETS, namespace, name })
    const present = textOf(secret, part)
    if (present !== undefined && present !== expected) return present
    try {
      const data = { ...secret?.data, [keyOf(part)]: Buffer.from(text).toString('base64') }
      const metadata: KubeMeta = secret?.metadata ?? { namespace, name, ...(labels && { labels }) }
      const written = { apiVersion: 'v1', kind: 'Secret', type: 'Opaque', ...secret, metadata, data }
      if (secret === undefined) await client.create(SECRETS, written)
      else await client.update(SECRETS, written)
      return text
    } catch (error) {
      if (!isConflict(error)) throw error
    }
  }
  throw new CaError(`Secret ${namespace}/${name}: changed by others ${MAX_TRIES} times while it was being written`)
}

/** Somebody else was quicker, in making it or in changing it. */
function isConflict(error: unknown): boolean {
  return error instanceof KubeError && error.status === 409
}

function textOf(secret: Secret | undefined, part: AuthorityPart): string | undefined {
  const encoded = secret?.data?.[keyOf(part)]
  return encoded === undefined ? undefined : Buffer.from(encoded, 'base64').toString('utf8')
}

function keyOf(part: AuthorityPart): string {
  return `${part}.pem`
}
