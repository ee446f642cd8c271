import type { CompiledMatch } from './route-table.ts'

/** Finds the best match of a request without asking all of them. */
export interface MatchIndex {
  /** HTTP: by the whole path. gRPC: by `/SERVICE/METHOD`. */
  readonly exact: ReadonlyMap<string, MatchNode>
  /** By path segments. */
  readonly prefixes: PrefixNode
  /** Path expressions: behind all prefixes but `/`. */
  readonly patterns: MatchNode | undefined
  readonly grpcServices: ReadonlyMap<string, MatchNode>
  readonly grpcMethods: ReadonlyMap<string, MatchNode>
  readonly grpcPatterns: MatchNode | undefined
}

/** A place in the tree of path segments. */
export interface PrefixNode {
  readonly children: Map<string, PrefixNode>
  /** Matches of exactly this prefix. */
  matches: MatchNode | undefined
  /** The next shorter prefix that has matches. */
  shorter: PrefixNode | undefined
}

/** Matches of one bucket, best first; large buckets are split by what a field exactly has to be. */
export type MatchNode =
  | { readonly kind: 'list'; readonly best: number; readonly matches: readonly CompiledMatch[] }
  | {
      readonly kind: 'branch'
      readonly best: number
      readonly by: BranchField
      readonly byValue: ReadonlyMap<string, MatchNode>
      readonly rest: MatchNode | undefined
    }

/** What a bucket is split by. */
export interface BranchField {
  readonly field: 'method' | 'header' | 'query'
  readonly name: string
}
