import { AUTHORITY_PARTS, type AuthorityStore, type AuthorityTexts, changed, fileNameOf } from './authority-store.ts'
import { type SecretTexts, SharedSecret, type SharedSecretOptions } from './shared-secret.ts'

/** A Secret with the parts as its keys, which all replicas share. What belongs together changes at once. */
export function secretStore(options: SharedSecretOptions): AuthorityStore {
  const secret = new SharedSecret(options)
  return {
    placeOf: (part) => `${secret.place}, key ${fileNameOf(part)}`,
    change: (decide) =>
      secret.change(async (texts, write) => {
        const present = partsOf(texts)
        const change = await decide(present)
        const due = AUTHORITY_PARTS.filter((part) => part in change && change[part] !== present[part])
        if (due.length > 0) await write(Object.fromEntries(due.map((part) => [fileNameOf(part), change[part]])))
        return changed(present, change)
      }),
  }
}

function partsOf(texts: SecretTexts): AuthorityTexts {
  const found = AUTHORITY_PARTS.flatMap((part) => {
    const text = texts[fileNameOf(part)]
    return text === undefined ? [] : [[part, text] as const]
  })
  return Object.fromEntries(found)
}
