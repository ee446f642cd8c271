import { isNameAt } from '../message/field-lines.ts'

const OWN_NAMES = [
  'te',
  'host',
  'expect',
  'upgrade',
  'connection',
  'keep-alive',
  'content-length',
  'http2-settings',
  'proxy-connection',
  'transfer-encoding',
] as const

/** The fields that are the codec's business, in lower case. */
export type OwnName = (typeof OWN_NAMES)[number]

/** `te` is rewritten as `trailers` when read; so it may be written as it then is. */
const UNWRITTEN: ReadonlySet<string> = new Set(OWN_NAMES.filter((name) => name !== 'te'))

/** Whether a field of that name, in lower case, may be written as it is; the codec writes its own ones itself. */
export function isEndToEnd(name: string): boolean {
  return !UNWRITTEN.has(name)
}

/** The own field whose name stands at `start`. By length first: of most fields nothing more is looked at. */
export function ownNameAt(bytes: Uint8Array, start: number, length: number): OwnName | undefined {
  for (let i = firstOfLength(length); i < OWN_NAMES.length && OWN_NAMES[i]!.length === length; i++) {
    if (isNameAt(bytes, start, OWN_NAMES[i]!)) return OWN_NAMES[i]
  }
  return undefined
}

function firstOfLength(length: number): number {
  switch (length) {
    case 2:
      return 0
    case 4:
      return 1
    case 6:
      return 2
    case 7:
      return 3
    case 10:
      return 4
    case 14:
      return 6
    case 16:
      return 8
    case 17:
      return 9
    default:
      return OWN_NAMES.length
  }
}
