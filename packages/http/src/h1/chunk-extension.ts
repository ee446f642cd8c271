import { HttpError } from '../http-error.ts'
import { CR, OCTET_CLASS, TOKEN, VALUE } from '../octets.ts'

/**
 * Where a chunk extension is (RFC 9112 §7.1.1, without the blanks that it calls bad):
 *
 *     ; --> name-start --> name --=--> value-start --> value
 *                                            \--"--> quoted --"--> quoted-end
 *     name, value, quoted-end: --;--> name-start, --CR--> end
 */
export type ExtensionPhase =
  | 'name-start'
  | 'name'
  | 'value-start'
  | 'value'
  | 'quoted'
  | 'quoted-pair'
  | 'quoted-end'
  | 'end'

const SEMICOLON = 0x3b
const EQUALS = 0x3d
const QUOTE = 0x22
const BACKSLASH = 0x5c

/**
 * Goes one octet on.
 * @throws {HttpError} bad_chunk
 */
export function readExtensionOctet(phase: ExtensionPhase, octet: number): ExtensionPhase {
  const next = nextPhase(phase, octet)
  if (next === undefined) throw new HttpError('bad_chunk', 'a chunk extension that is not ;name=value')
  return next
}

function nextPhase(phase: ExtensionPhase, octet: number): ExtensionPhase | undefined {
  const isToken = (OCTET_CLASS[octet]! & TOKEN) !== 0
  switch (phase) {
    case 'name-start':
      return isToken ? 'name' : undefined
    case 'name':
      if (octet === EQUALS) return 'value-start'
      return isToken ? 'name' : afterExtension(octet)
    case 'value-start':
      if (octet === QUOTE) return 'quoted'
      return isToken ? 'value' : undefined
    case 'value':
      return isToken ? 'value' : afterExtension(octet)
    case 'quoted':
      if (octet === QUOTE) return 'quoted-end'
      if (octet === BACKSLASH) return 'quoted-pair'
      return (OCTET_CLASS[octet]! & VALUE) !== 0 ? 'quoted' : undefined
    case 'quoted-pair':
      return (OCTET_CLASS[octet]! & VALUE) !== 0 ? 'quoted' : undefined
    case 'quoted-end':
      return afterExtension(octet)
    case 'end':
      return undefined
  }
}

function afterExtension(octet: number): ExtensionPhase | undefined {
  if (octet === SEMICOLON) return 'name-start'
  return octet === CR ? 'end' : undefined
}
