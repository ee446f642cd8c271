import { stringify } from 'yaml'

/** Writes an object as a YAML document that readers of YAML 1.1, as Kubernetes' is one, take for the same. */
export function stringifyManifest(value: unknown): string {
  return stringify(value, { lineWidth: 0, version: '1.2', compat: 'yaml-1.1', aliasDuplicateObjects: false })
}
