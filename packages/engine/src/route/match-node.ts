import type { FieldMatch } from './field-match.ts'
import { readHeader } from './field-match.ts'
import { readQueryParam } from './query-param.ts'
import type { RequestFacts } from './request-facts.ts'
import { findMismatch } from './route-match.ts'
import type { CompiledMatch } from './route-table.ts'

/** Matches of one bucket, best first. A large bucket is split by what a method, header or query parameter exactly has to be. */
export type MatchNode =
  | {
      readonly kind: 'list'
      readonly bestRank: number
      /** Mostly there is no other one; so it is one step nearer, which is what large tables cost: bench/engine.ts. */
      readonly first: CompiledMatch
      readonly others: readonly CompiledMatch[]
    }
  | {
      readonly kind: 'branch'
      readonly bestRank: number
      readonly field: BranchField
      readonly byValue: ReadonlyMap<string, MatchNode>
      /** Those that do not say what it has to be. */
      readonly rest: MatchNode | undefined
    }

/** What a bucket is split by. */
export interface BranchField {
  readonly kind: 'method' | 'header' | 'query'
  /** Of the header or query parameter. */
  readonly name: string
}

/** Up to here a list is faster than a branch. */
const MAX_LIST = 8
const NO_OTHERS: readonly CompiledMatch[] = []

/** @param matches - best first; `undefined` when there are none */
export function buildNode(matches: readonly CompiledMatch[]): MatchNode | undefined {
  const [first] = matches
  if (first === undefined) return undefined
  const field = matches.length <= MAX_LIST ? undefined : chooseField(matches)
  if (field === undefined) {
    return { kind: 'list', bestRank: first.rank, first, others: matches.length === 1 ? NO_OTHERS : matches.slice(1) }
  }
  const groups = new Map<string, CompiledMatch[]>()
  const rest: CompiledMatch[] = []
  for (const match of matches) {
    const value = wantedValue(match, field)
    const group = value === undefined ? rest : groups.get(value)
    if (group !== undefined) group.push(match)
    else groups.set(value!, [match])
  }
  const byValue = new Map([...groups].map(([value, group]) => [value, buildNode(group)!] as const))
  return { kind: 'branch', bestRank: first.rank, field, byValue, rest: buildNode(rest) }
}

/** The best match of `request` among those of `node`. */
export function findInNode(node: MatchNode | undefined, request: RequestFacts): CompiledMatch | undefined {
  if (node === undefined) return undefined
  if (node.kind === 'list') {
    const { first } = node
    return findMismatch(first, request, first.checkFrom) === -1 ? first : findInList(node.others, request)
  }
  const value = readField(node.field, request)
  const found = value === undefined ? undefined : findInNode(node.byValue.get(value), request)
  if (found === undefined) return findInNode(node.rest, request)
  if (node.rest === undefined || found.rank < node.rest.bestRank) return found
  const other = findInNode(node.rest, request)
  return other !== undefined && other.rank < found.rank ? other : found
}

function findInList(matches: readonly CompiledMatch[], request: RequestFacts): CompiledMatch | undefined {
  for (let at = 0; at < matches.length; at++) {
    const match = matches[at]!
    if (findMismatch(match, request, match.checkFrom) === -1) return match
  }
  return undefined
}

function readField(field: BranchField, request: RequestFacts): string | undefined {
  switch (field.kind) {
    case 'method':
      return request.method
    case 'header':
      return readHeader(request, field.name)
    case 'query':
      return readQueryParam(request.path, field.name)
  }
}

/**
 * The field that splits the bucket into most parts, of those that a fourth of it asks for: so what remains gets smaller quickly,
 * and the tree stays flat. `undefined` when none splits it at all.
 */
function chooseField(matches: readonly CompiledMatch[]): BranchField | undefined {
  const methods = new Tally({ kind: 'method', name: '' })
  const headers = new Map<string, Tally>()
  const queryParams = new Map<string, Tally>()
  for (const match of matches) {
    if (match.method !== undefined) methods.count(match.method)
    for (const field of match.headers) countField(headers, 'header', field)
    for (const field of match.queryParams) countField(queryParams, 'query', field)
  }
  const useful = [methods, ...headers.values(), ...queryParams.values()].filter(
    ({ values, uses }) => values.size > 1 && uses >= matches.length / 4,
  )
  return useful.sort((a, b) => b.values.size - a.values.size)[0]?.field
}

function countField(tallies: Map<string, Tally>, kind: 'header' | 'query', { name, text }: FieldMatch): void {
  if (text.kind !== 'exact') return
  const tally = tallies.get(name) ?? new Tally({ kind, name })
  tallies.set(name, tally)
  tally.count(text.value)
}

/** How a bucket would be split by a field. */
class Tally {
  readonly field: BranchField
  readonly values = new Set<string>()
  uses = 0

  constructor(field: BranchField) {
    this.field = field
  }

  count(value: string): void {
    this.values.add(value)
    this.uses += 1
  }
}

function wantedValue(match: CompiledMatch, field: BranchField): string | undefined {
  switch (field.kind) {
    case 'method':
      return match.method
    case 'header':
      return exactValue(match.headers, field.name)
    case 'query':
      return exactValue(match.queryParams, field.name)
  }
}

function exactValue(matches: readonly FieldMatch[], name: string): string | undefined {
  const text = matches.find((match) => match.name === name)?.text
  return text?.kind === 'exact' ? text.value : undefined
}
