import { isMap } from '@heddle/base/is-map'
import { parse } from 'yaml'
import type { ValueTree } from './override.ts'

/** Reads values that an installation keeps, as YAML; empty where that cannot be read. */
export function readValueTree(text: string): ValueTree {
  try {
    const tree: unknown = parse(text)
    return isMap(tree) ? tree : {}
  } catch {
    return {}
  }
}
