import type { ObjectMeta } from './object-meta.ts'

/** Metadata as a file has it. */
export interface RawMeta {
  readonly name: string
  readonly namespace?: string
  readonly labels?: Readonly<Record<string, string>>
  readonly annotations?: Readonly<Record<string, string>>
  readonly creationTimestamp?: string
}

/** @param fallbackNamespace - where the file names none */
export function toMeta(meta: RawMeta, fallbackNamespace = 'default'): ObjectMeta {
  const { name, namespace = fallbackNamespace, labels = {}, annotations = {}, creationTimestamp } = meta
  return { name, namespace, labels, annotations, ...(creationTimestamp !== undefined && { creationTimestamp }) }
}
