import type { MeshObject } from '@heddle/api/kinds'
import { CliError } from '../../cli-error.ts'

/** A kind of object as users name it. */
export interface KindWords {
  readonly kind: MeshObject['kind']
  readonly isNamespaced: boolean
  /** Lower case: singular, plural, and what kubectl abbreviates. */
  readonly words: readonly string[]
}

/** Objects of a kind, or of all kinds where `kind` is `undefined`; one by name, or all where `name` is empty. */
export interface ObjectChoice {
  readonly kind: KindWords | undefined
  readonly name: string
}

const GATEWAY = 'gateway.networking.k8s.io'
const HEDDLE = 'heddle.dev'

function namespaced(kind: MeshObject['kind'], group: string, ...more: readonly string[]): KindWords {
  const singular = kind.toLowerCase()
  const plural = singular.endsWith('y') ? `${singular.slice(0, -1)}ies` : `${singular}s`
  const long = group === '' ? [] : [`${singular}.${group}`, `${plural}.${group}`]
  return { kind, isNamespaced: true, words: [singular, plural, ...more, ...long] }
}

/** Every kind, in the order in which all of them are shown. */
export const OBJECT_KINDS: readonly KindWords[] = [
  { kind: 'Namespace', isNamespaced: false, words: ['namespace', 'namespaces', 'ns'] },
  namespaced('ServiceAccount', '', 'sa'),
  namespaced('Workload', HEDDLE, 'wl'),
  namespaced('Service', '', 'svc'),
  namespaced('HTTPRoute', GATEWAY),
  namespaced('GRPCRoute', GATEWAY),
  namespaced('TLSRoute', GATEWAY),
  namespaced('TCPRoute', GATEWAY),
  namespaced('ReferenceGrant', GATEWAY, 'refgrant'),
  namespaced('BackendPolicy', HEDDLE),
  namespaced('TrafficPolicy', HEDDLE),
  namespaced('FaultPolicy', HEDDLE),
]

/** How help and completion offer the kinds. */
export const OBJECT_WORDS: readonly string[] = ['all', ...OBJECT_KINDS.map(({ words }) => words[0]!)]

/**
 * Reads `KIND`, `KIND NAME` or `KIND/NAME` as kubectl does; `all` stands for every kind.
 *
 * @throws {CliError} for an unknown kind, and for a name that is given twice or empty
 */
export function parseObjectChoice(word: string, separateName?: string): ObjectChoice {
  const [kindWord = '', ...rest] = word.split('/')
  const names = [...rest, ...(separateName === undefined ? [] : [separateName])]
  if (names.length > 1 || names.includes('')) {
    throw new CliError(`"${[word, separateName].join(' ').trim()}": expected KIND, KIND NAME or KIND/NAME`)
  }
  if (kindWord.toLowerCase() === 'all' && names.length === 0) return { kind: undefined, name: '' }
  return { kind: requireKind(kindWord), name: names[0] ?? '' }
}

/** @throws {CliError} */
export function requireKind(word: string): KindWords {
  const known = OBJECT_KINDS.find(({ words }) => words.includes(word.toLowerCase()))
  if (known !== undefined) return known
  throw new CliError(`unknown kind of object "${word}"`, { hints: [`known are ${OBJECT_WORDS.join(', ')}`] })
}

/** The word for a kind that its names begin with: `httproute`. */
export function kindWord(kind: string): string {
  return OBJECT_KINDS.find((known) => known.kind === kind)?.words[0] ?? kind.toLowerCase()
}

/** `HTTPRoute shop/cart`, as messages call an object. */
export function formatObject(
  ref: { readonly kind: string; readonly namespace: string; readonly name: string } | undefined,
): string {
  if (ref === undefined) return 'an object'
  return `${ref.kind} ${ref.namespace === '' ? '' : `${ref.namespace}/`}${ref.name}`
}
