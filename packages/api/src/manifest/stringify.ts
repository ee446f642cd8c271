import { stringify } from 'yaml'

/** Writes an object as a YAML document. */
export function stringifyManifest(value: unknown): string {
  return stringify(value, { lineWidth: 0, version: '1.2', aliasDuplicateObjects: false })
}
