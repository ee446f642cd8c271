/** What every object carries, as Kubernetes spells it. Fields that only an API server sets are not kept. */
export interface ObjectMeta {
  readonly name: string
  /** Empty for Namespace itself; `default` where a file names none. */
  readonly namespace: string
  readonly labels: Readonly<Record<string, string>>
  readonly annotations: Readonly<Record<string, string>>
  /** RFC 3339, where the file or the cluster has one. Kept of routes and policies: the oldest of two in conflict wins. */
  readonly creationTimestamp?: string
}

/** Names an object within its kind. */
export interface ObjectRef {
  readonly kind: string
  readonly namespace: string
  readonly name: string
}
