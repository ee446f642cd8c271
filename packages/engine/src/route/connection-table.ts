import type { CompiledBackend, RouteRef } from './route-table.ts'

/** TLS or TCP routes of one destination, compiled. */
export interface ConnectionTable {
  readonly kind: 'none' | 'tls' | 'tcp'
  readonly routes: readonly RouteRef[]
  readonly rules: readonly ConnectionRule[]
  readonly byName: ReadonlyMap<string, ConnectionRule>
  /** By what follows the asterisk: ".example.com". */
  readonly bySuffix: ReadonlyMap<string, ConnectionRule>
  /** Takes what no name fits. */
  readonly any: ConnectionRule | undefined
  readonly backendKeys: readonly string[]
}

/** One rule of a TLSRoute or TCPRoute. */
export interface ConnectionRule {
  readonly index: number
  readonly id: string
  readonly route: RouteRef
  readonly ruleIndex: number
  readonly name: string
  /** Empty: any. */
  readonly serverNames: readonly string[]
  readonly backends: readonly CompiledBackend[]
  readonly totalWeight: number
}

/** Where a connection goes. */
export type ConnectionDecision =
  | { readonly kind: 'own-endpoints' }
  | { readonly kind: 'forward'; readonly rule: ConnectionRule; readonly backend: CompiledBackend }
  /** It is closed. */
  | {
      readonly kind: 'refused'
      readonly cause: 'no_match' | 'no_backend' | 'unresolved_backend'
      readonly reason: string
      readonly rule: ConnectionRule | undefined
    }
