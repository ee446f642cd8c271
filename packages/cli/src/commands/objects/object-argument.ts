import type { MeshObject } from '@heddle/api/kinds'
import { CliError } from '../../cli-error.ts'
import { unknownKind } from '../unknown-kind.ts'

/** A kind of object as users name it. */
export interface KindWords {
  readonly kind: MeshObject['kind']
  readonly isNamespaced: boolean
  /** Lower case: singular, plural, and what kubectl abbreviates. */
  readonly words: readonly string[]
}

/** Objects of a kind, or of all kinds where `kind` is `undefined`: those of these names, or all where there is none. */
export interface ObjectChoice {
  readonly kind: KindWords | undefined
  readonly names: readonly string[]
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
 * Reads `KIND[,KIND...] [NAME...]` or `KIND/NAME...` as kubectl does; `all` stands for every kind.
 *
 * @throws {CliError} for an unknown kind, and for words that are neither
 */
export function parseObjectChoices(words: readonly string[]): readonly ObjectChoice[] {
  const [first = '', ...names] = words
  if (words.some((word) => word.includes('/'))) return words.map(parseNamedObject)
  if (words.includes('')) throw new CliError(`"${words.join(' ')}": ${EXPECTED}`)
  if (first.toLowerCase() !== 'all') return first.split(',').map((word) => ({ kind: requireKind(word), names }))
  if (names.length === 0) return [{ kind: undefined, names: [] }]
  throw new CliError(`"${words.join(' ')}": a name belongs to one kind`, { hints: [EXPECTED] })
}

const EXPECTED = 'expected KIND, KIND NAME... or KIND/NAME...'

function parseNamedObject(word: string): ObjectChoice {
  const [kind = '', name = '', ...rest] = word.split('/')
  if (kind === '' || name === '' || rest.length > 0) throw new CliError(`"${word}": ${EXPECTED}`)
  return { kind: requireKind(kind), names: [name] }
}

/** @throws {CliError} */
function requireKind(word: string): KindWords {
  const known = OBJECT_KINDS.find(({ words }) => words.includes(word.toLowerCase()))
  if (known !== undefined) return known
  const words = OBJECT_KINDS.flatMap((one) => one.words)
  throw unknownKind(word, words, [
    `it has ${OBJECT_WORDS.join(', ')}`,
    'what runs is shown by "heddle stat deploy", "heddle stat pod" and "heddle endpoints"; other objects of a cluster by kubectl',
  ])
}

/** The word for a kind that its names begin with: `httproute`. */
export function kindWord(kind: string): string {
  return OBJECT_KINDS.find((known) => known.kind === kind)?.words[0] ?? kind.toLowerCase()
}

/** `service`, `httproute.gateway.networking.k8s.io`: what `-o name` writes before the name. */
export function longKindWord(kind: string): string {
  const word = kindWord(kind)
  const words = OBJECT_KINDS.find((known) => known.kind === kind)?.words ?? []
  return words.find((one) => one.startsWith(`${word}.`)) ?? word
}

/** `HTTPRoute shop/cart`, as messages call an object. */
export function formatObject(
  ref: { readonly kind: string; readonly namespace: string; readonly name: string } | undefined,
): string {
  if (ref === undefined) return 'an object'
  return `${ref.kind} ${ref.namespace === '' ? '' : `${ref.namespace}/`}${ref.name}`
}
