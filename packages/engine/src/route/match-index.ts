import { buildNode, findInNode, type MatchNode } from './match-node.ts'
import type { RequestFacts } from './request-facts.ts'
import { pathEnd, readGrpcName } from './route-match.ts'
import type { CompiledMatch } from './route-table.ts'

/**
 * Finds the best match of a request without asking all of them. Its parts are asked in the order of precedence, so the first one
 * that has a match has the best one.
 */
export interface MatchIndex {
  /** By the whole path; of gRPC by `/SERVICE/METHOD`. */
  readonly exact: ReadonlyMap<string, MatchNode>
  readonly grpc: GrpcIndex | undefined
  /** By path segments; `/` is in `any`. */
  readonly prefixes: PrefixNode | undefined
  readonly patterns: MatchNode | undefined
  /** Matches that say nothing of the path. */
  readonly any: MatchNode | undefined
}

/** Matches by a part of the gRPC name. */
export interface GrpcIndex {
  readonly services: ReadonlyMap<string, MatchNode>
  readonly servicePatterns: MatchNode | undefined
  readonly methods: ReadonlyMap<string, MatchNode>
  readonly methodPatterns: MatchNode | undefined
}

/** A place in the tree of path segments. */
export interface PrefixNode {
  readonly children: Map<string, PrefixNode>
  /** Of exactly this prefix. */
  matches: MatchNode | undefined
  /** The next shorter prefix that has matches. */
  shorter: PrefixNode | undefined
}

/** @param matches - best first */
export function buildIndex(matches: readonly CompiledMatch[]): MatchIndex {
  const isGrpc = matches.some(({ grpc }) => grpc !== undefined)
  return {
    exact: buildMap(matches, exactKey),
    grpc: isGrpc ? buildGrpcIndex(matches) : undefined,
    prefixes: buildPrefixes(matches.filter(({ path }) => path.kind === 'prefix' && path.prefix !== '')),
    patterns: buildNode(matches.filter(({ path }) => path.kind === 'pattern')),
    any: buildNode(matches.filter(isForAny)),
  }
}

/** The best match of `request`, or `undefined`. */
export function findMatch(index: MatchIndex, request: RequestFacts): CompiledMatch | undefined {
  const found = index.exact.size === 0 ? undefined : findExact(index, request)
  if (found !== undefined) return found
  const partly = index.grpc === undefined ? findByPrefix(index.prefixes, request) : findByGrpc(index.grpc, request)
  return partly ?? findInNode(index.patterns, request) ?? findInNode(index.any, request)
}

function findExact(index: MatchIndex, request: RequestFacts): CompiledMatch | undefined {
  const { path } = request
  return findInNode(index.exact.get(path.slice(0, pathEnd(path))), request)
}

/** Goes down by the path's segments as far as the tree reaches, and up again until something fits: linear in the path's length. */
function findByPrefix(root: PrefixNode | undefined, request: RequestFacts): CompiledMatch | undefined {
  const { path } = request
  if (root === undefined || !path.startsWith('/')) return undefined
  const end = pathEnd(path)
  let node: PrefixNode | undefined = root
  let deepest: PrefixNode | undefined
  for (let from = 1; from <= end; ) {
    const slash = path.indexOf('/', from)
    const to = slash === -1 || slash > end ? end : slash
    node = node.children.get(path.slice(from, to))
    if (node === undefined) break
    if (node.matches !== undefined) deepest = node
    from = to + 1
  }
  for (; deepest !== undefined; deepest = deepest.shorter) {
    const found = findInNode(deepest.matches, request)
    if (found !== undefined) return found
  }
  return undefined
}

function findByGrpc(index: GrpcIndex, request: RequestFacts): CompiledMatch | undefined {
  const name = readGrpcName(request.path)
  if (name === undefined) return undefined
  return (
    findInNode(index.services.get(name.service), request) ??
    findInNode(index.servicePatterns, request) ??
    findInNode(index.methods.get(name.method), request) ??
    findInNode(index.methodPatterns, request)
  )
}

function buildGrpcIndex(matches: readonly CompiledMatch[]): GrpcIndex {
  return {
    services: buildMap(matches, ({ grpc }) => (grpc?.method === undefined ? exactText(grpc?.service) : undefined)),
    servicePatterns: buildNode(matches.filter(({ grpc }) => grpc?.service?.kind === 'pattern')),
    methods: buildMap(matches, ({ grpc }) => (grpc?.service === undefined ? exactText(grpc?.method) : undefined)),
    methodPatterns: buildNode(
      matches.filter(({ grpc }) => grpc?.service === undefined && grpc?.method?.kind === 'pattern'),
    ),
  }
}

function buildPrefixes(matches: readonly CompiledMatch[]): PrefixNode | undefined {
  if (matches.length === 0) return undefined
  const root: PrefixNode = { children: new Map(), matches: undefined, shorter: undefined }
  for (const [prefix, group] of groupBy(matches, prefixKey)) {
    let node = root
    for (const segment of prefix.split('/').slice(1)) {
      const child = node.children.get(segment) ?? { children: new Map(), matches: undefined, shorter: undefined }
      node.children.set(segment, child)
      node = child
    }
    node.matches = buildNode(group)
  }
  linkShorter(root, undefined)
  return root
}

/** Prefixes have at most 1024 characters (Gateway API, HTTPPathMatch.value), which bounds the depth. */
function linkShorter(node: PrefixNode, shorter: PrefixNode | undefined): void {
  node.shorter = shorter
  const next = node.matches === undefined ? shorter : node
  for (const child of node.children.values()) linkShorter(child, next)
}

type KeyOf = (match: CompiledMatch) => string | undefined

function buildMap(matches: readonly CompiledMatch[], keyOf: KeyOf): ReadonlyMap<string, MatchNode> {
  const nodes = new Map<string, MatchNode>()
  for (const [key, group] of groupBy(matches, keyOf)) nodes.set(key, buildNode(group)!)
  return nodes
}

/** Groups those that have a key; the order within a group stays. */
function groupBy(matches: readonly CompiledMatch[], keyOf: KeyOf): ReadonlyMap<string, CompiledMatch[]> {
  const groups = new Map<string, CompiledMatch[]>()
  for (const match of matches) {
    const key = keyOf(match)
    if (key === undefined) continue
    const group = groups.get(key)
    if (group === undefined) groups.set(key, [match])
    else group.push(match)
  }
  return groups
}

function exactKey({ path, grpc }: CompiledMatch): string | undefined {
  if (path.kind === 'exact') return path.path
  const service = exactText(grpc?.service)
  const method = exactText(grpc?.method)
  return service === undefined || method === undefined ? undefined : `/${service}/${method}`
}

function prefixKey({ path }: CompiledMatch): string | undefined {
  return path.kind === 'prefix' ? path.prefix : undefined
}

function exactText(text: { readonly kind: string; readonly value: string } | undefined): string | undefined {
  return text?.kind === 'exact' ? text.value : undefined
}

function isForAny({ path, grpc }: CompiledMatch): boolean {
  return path.kind === 'prefix' && path.prefix === '' && grpc === undefined
}
