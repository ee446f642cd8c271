/** What a route is attached to. Defaults are filled in, the namespace too. */
export interface ParentRef {
  readonly group: string
  readonly kind: string
  readonly namespace: string
  readonly name: string
  /** Name of a port of the Service. */
  readonly sectionName?: string
  /** Neither this nor `sectionName`: every port. */
  readonly port?: number
}

/** Where requests go. Defaults are filled in, the namespace too. */
export interface BackendObjectRef {
  /** Empty: Kubernetes' own. */
  readonly group: string
  readonly kind: string
  readonly namespace: string
  readonly name: string
  /** Always there for a Service. */
  readonly port?: number
}

/** A backend with its share of the requests, beside those of its neighbours; 0: none. */
export interface BackendRef extends BackendObjectRef {
  readonly weight: number
}

/** What a filter of somebody else's is configured by. */
export interface ExtensionRef {
  readonly group: string
  readonly kind: string
  readonly name: string
}

/** Whether the reference is to a Service; `core` is an older spelling of Kubernetes' own group. */
export function isServiceRef({ group, kind }: { readonly group: string; readonly kind: string }): boolean {
  return kind === 'Service' && (group === '' || group === 'core')
}
