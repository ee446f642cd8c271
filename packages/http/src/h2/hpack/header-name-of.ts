import { HeaderName } from './header-name.ts'
import { STATIC_NAMES } from './static-table.ts'

/** More names than a mesh's applications use; a peer that sends ever new ones makes us forget all, and find them out anew. */
const MAX_NAMES = 512
const MAX_NAME_OCTETS = 64

/** Shared by all connections of the process: what is known of a name never differs. */
const names = new Map(STATIC_NAMES)

/** The name `text`; mostly the same object for the same text. */
export function headerNameOf(text: string): HeaderName {
  const known = names.get(text)
  if (known !== undefined) return known
  const name = new HeaderName(text)
  if (text.length > MAX_NAME_OCTETS) return name
  if (names.size >= MAX_NAMES) {
    names.clear()
    for (const [staticText, staticName] of STATIC_NAMES) names.set(staticText, staticName)
  }
  names.set(text, name)
  return name
}
