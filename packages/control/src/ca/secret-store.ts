import type { AuthorityPart, AuthorityStore } from './authority-store.ts'
import { SharedSecret, type SharedSecretOptions } from './shared-secret.ts'

/** A Secret with `root.pem` and `issuer.pem`, which all replicas share. */
export function secretStore(options: SharedSecretOptions): AuthorityStore {
  const secret = new SharedSecret(options)
  /** @param expected - what must be there for the text to be put there */
  const put = (part: AuthorityPart, text: string, expected: string | undefined) =>
    secret.change(async (texts, write) => {
      const present = texts[keyOf(part)]
      if (present !== undefined && present !== expected) return present
      await write({ [keyOf(part)]: text })
      return text
    })
  return {
    placeOf: (part) => `${secret.place}, key ${keyOf(part)}`,
    read: async (part) => (await secret.read())[keyOf(part)],
    create: (part, text) => put(part, text, undefined),
    replace: (part, before, text) => put(part, text, before),
  }
}

function keyOf(part: AuthorityPart): string {
  return `${part}.pem`
}
