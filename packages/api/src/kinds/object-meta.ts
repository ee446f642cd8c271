import { compareTexts } from '@heddle/base/compare-texts'

/** What every object carries, as Kubernetes spells it. Of the fields that only an API server sets one is kept. */
export interface ObjectMeta {
  readonly name: string
  /** Empty for Namespace itself; `default` where a file names none. */
  readonly namespace: string
  readonly labels: Readonly<Record<string, string>>
  readonly annotations: Readonly<Record<string, string>>
  /** RFC 3339, where the file or the cluster has one: of two routes or policies in conflict the older wins. */
  readonly creationTimestamp?: string
}

/** Names an object within its kind. */
export interface ObjectRef {
  readonly kind: string
  readonly namespace: string
  readonly name: string
}

/** What tells objects of a kind from each other. */
export type ObjectName = Pick<ObjectRef, 'namespace' | 'name'>

/** `NAMESPACE/NAME`, unique among the objects of a kind. */
export function objectKey({ namespace, name }: ObjectName): string {
  return `${namespace}/${name}`
}

/** Order by namespace, then by name. */
export function compareNames(a: ObjectName, b: ObjectName): number {
  return compareTexts(a.namespace, b.namespace) || compareTexts(a.name, b.name)
}
