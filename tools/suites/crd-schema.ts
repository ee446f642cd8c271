import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import type { Schema } from '@heddle/api/kinds/schema'
import { parse } from 'yaml'

/** A schema as a CRD has it. */
export interface CrdSchema extends Omit<Schema, 'properties' | 'items' | 'x-kubernetes-validations'> {
  readonly properties?: Readonly<Record<string, CrdSchema>>
  readonly items?: CrdSchema
  readonly 'x-kubernetes-validations'?: readonly { readonly rule: string; readonly message?: string }[]
  readonly 'x-kubernetes-list-type'?: 'atomic' | 'set' | 'map'
  readonly 'x-kubernetes-list-map-keys'?: readonly string[]
}

interface Crd {
  readonly spec: {
    readonly versions: readonly {
      readonly name: string
      readonly schema: { readonly openAPIV3Schema: CrdSchema }
    }[]
  }
}

/** The schema of `spec` of each version of a kind of the Gateway API. */
export function readCrd(folder: string, kind: string): ReadonlyMap<string, CrdSchema> {
  const file = join(folder, `gateway.networking.k8s.io_${kind.toLowerCase()}s.yaml`)
  const { spec } = parse(readFileSync(file, 'utf8')) as Crd
  return new Map(spec.versions.map(({ name, schema }) => [name, schema.openAPIV3Schema.properties!.spec!]))
}
