import { ResourceKind } from '@heddle/api/admin'
import { CliError } from '../cli-error.ts'
import { unknownKind } from './unknown-kind.ts'

/** What a command is to be about: all of a kind, or one by name. */
export interface ResourceChoice {
  readonly kind: ResourceKind
  /** Empty: all. */
  readonly name: string
}

interface KindNames {
  readonly kind: ResourceKind
  readonly singular: string
  /** Singular, plural and kubectl's abbreviations. */
  readonly names: readonly string[]
}

const KINDS: readonly KindNames[] = [
  {
    kind: ResourceKind.DEPLOYMENT,
    singular: 'deployment',
    names: ['deployment', 'deployments', 'deploy', 'deployments.apps', 'deployment.apps'],
  },
  {
    kind: ResourceKind.STATEFUL_SET,
    singular: 'statefulset',
    names: ['statefulset', 'statefulsets', 'sts', 'statefulsets.apps', 'statefulset.apps'],
  },
  {
    kind: ResourceKind.DAEMON_SET,
    singular: 'daemonset',
    names: ['daemonset', 'daemonsets', 'ds', 'daemonsets.apps', 'daemonset.apps'],
  },
  { kind: ResourceKind.JOB, singular: 'job', names: ['job', 'jobs', 'cronjob', 'cronjobs', 'cj', 'jobs.batch'] },
  {
    kind: ResourceKind.REPLICA_SET,
    singular: 'replicaset',
    names: ['replicaset', 'replicasets', 'rs', 'replicationcontroller', 'replicationcontrollers', 'rc'],
  },
  { kind: ResourceKind.POD, singular: 'pod', names: ['pod', 'pods', 'po', 'workload', 'workloads', 'wl'] },
  { kind: ResourceKind.SERVICE, singular: 'service', names: ['service', 'services', 'svc'] },
  { kind: ResourceKind.NAMESPACE, singular: 'namespace', names: ['namespace', 'namespaces', 'ns'] },
]

/** How help and completion offer the kinds. */
export const RESOURCE_WORDS = ['deploy', 'sts', 'ds', 'job', 'rs', 'pod', 'svc', 'ns'] as const

/**
 * Reads `KIND`, `KIND NAME` or `KIND/NAME` as kubectl does.
 *
 * @throws {CliError} for an unknown kind, and for a name that is given twice or empty
 */
export function parseResource(word: string, separateName?: string): ResourceChoice {
  const [kindWord = '', ...rest] = word.split('/')
  const known = KINDS.find(({ names }) => names.includes(kindWord.toLowerCase()))
  if (known === undefined) {
    const words = KINDS.flatMap(({ names }) => names)
    throw unknownKind(kindWord, words, [
      `known are ${KINDS.map(({ names }) => names[0]).join(', ')}, and their short forms deploy, sts, ds, rs, po, svc, ns`,
    ])
  }
  const names = [...rest, ...(separateName === undefined ? [] : [separateName])]
  if (names.length > 1 || names.includes('')) {
    throw new CliError(`"${[word, separateName].join(' ').trim()}": expected KIND, KIND NAME or KIND/NAME`)
  }
  return { kind: known.kind, name: names[0] ?? '' }
}

/**
 * Reads `KIND[,KIND...] [NAME...]` or `KIND/NAME...` as kubectl does; `all` stands for every kind but namespaces.
 *
 * @throws {CliError} as {@link parseResource}
 */
export function parseResources(words: readonly string[]): readonly ResourceChoice[] {
  const [first = '', ...names] = words
  if (words.length > 1 && words.some((word) => word.includes('/'))) return words.map((word) => parseNamed(word))
  if (first.toLowerCase() === 'all' && names.length === 0)
    return KINDS.filter(({ kind }) => kind !== ResourceKind.NAMESPACE).map(({ kind }) => ({ kind, name: '' }))
  const separate = names.length === 0 ? [undefined] : names
  return first.split(',').flatMap((word) => separate.map((name) => parseResource(word, name)))
}

function parseNamed(word: string): ResourceChoice {
  if (word.includes('/')) return parseResource(word)
  throw new CliError(`"${word}": expected KIND/NAME, as with the others`)
}

/** `deployment`, `pod`, `service`, ... */
export function kindName(kind: ResourceKind): string {
  return KINDS.find((known) => known.kind === kind)?.singular ?? 'resource'
}

/** `deployments in namespace "shop"`, for messages about what was not found. */
export function describeChoice({ kind, name }: ResourceChoice, namespace: string): string {
  const what = name === '' ? `${kindName(kind)}s` : `${kindName(kind)} "${name}"`
  const isPlaceless = namespace === '' || kind === ResourceKind.NAMESPACE
  return isPlaceless ? what : `${what} in namespace "${namespace}"`
}
