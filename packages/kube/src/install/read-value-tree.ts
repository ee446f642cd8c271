import { isMap } from '@heddle/base/is-map'
import { parse } from 'yaml'
import type { ValueTree } from './override.ts'

/** Reads values that an installation keeps, as YAML; `undefined` where that cannot be read. */
export function readValueTree(text: string): ValueTree | undefined {
  try {
    const tree: unknown = parse(text) ?? {}
    return isMap(tree) ? tree : undefined
  } catch {
    return undefined
  }
}
