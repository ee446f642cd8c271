import type { FieldMatch } from './field-match.ts'
import { readHeader } from './field-match.ts'
import { readQueryParam } from './query-param.ts'
import type { RequestFacts } from './request-facts.ts'
import { findMismatch } from './route-match.ts'
import type { CompiledMatch } from './route-table.ts'

/** Matches of one bucket, best first. A large bucket is split by what a method, header or query parameter exactly has to be. */
export type MatchNode =
  | { readonly kind: 'list'; readonly bestRank: number; readonly matches: readonly CompiledMatch[] }
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

/** @param matches - best first; `undefined` when there are none */
export function buildNode(matches: readonly CompiledMatch[]): MatchNode | undefined {
  const [first] = matches
  if (first === undefined) return undefined
  const field = matches.length <= MAX_LIST ? undefined : chooseField(matches)
  if (field === undefined) return { kind: 'list', bestRank: first.rank, matches }
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
  if (node.kind === 'list') return findInList(node.matches, request)
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
  const candidates = new Map<string, { readonly field: BranchField; readonly values: Set<string>; uses: number }>()
  const count = (field: BranchField, value: string) => {
    const id = `${field.kind} ${field.name}`
    const candidate = candidates.get(id) ?? { field, values: new Set(), uses: 0 }
    candidates.set(id, candidate)
    candidate.values.add(value)
    candidate.uses += 1
  }
  for (const { method, headers, queryParams } of matches) {
    if (method !== undefined) count({ kind: 'method', name: '' }, method)
    for (const { name, text } of headers) if (text.kind === 'exact') count({ kind: 'header', name }, text.value)
    for (const { name, text } of queryParams) if (text.kind === 'exact') count({ kind: 'query', name }, text.value)
  }
  const useful = [...candidates.values()].filter(({ values, uses }) => values.size > 1 && uses >= matches.length / 4)
  return useful.sort((a, b) => b.values.size - a.values.size)[0]?.field
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
