import { createHash } from 'node:crypto'
import { compareTexts } from '@heddle/base/compare-texts'
import { stringify } from 'yaml'
import type { KubeDraft } from '../client/client.ts'
import { CONFIG_KEYS, INSTALL_NAMES } from './install-names.ts'
import type { InstallValues } from './install-values.ts'
import { INSTALL_VERSION } from './install-version.ts'
import { type Installation, ownObject } from './installation.ts'
import { overridesOf } from './override.ts'

/** The ConfigMap with the values of the installation, for the control plane and for `heddle upgrade`. */
export function configMap(installation: Installation): KubeDraft {
  const { values } = installation
  return ownObject(installation, INSTALL_NAMES.config, {
    apiVersion: 'v1',
    kind: 'ConfigMap',
    data: {
      [CONFIG_KEYS.version]: INSTALL_VERSION,
      [CONFIG_KEYS.values]: toYaml(values),
      [CONFIG_KEYS.overrides]: toYaml(overridesOf(values)),
    },
  })
}

/** Values as the ConfigMaps of installation and agent have them. */
export function toYaml(value: object): string {
  return stringify(value, { lineWidth: 0, sortMapEntries: true, compat: 'yaml-1.1' })
}

/** Changes with the values, so that the control plane's pods are replaced then; the chart makes the same. */
export function configChecksum(values: InstallValues): string {
  return createHash('sha256').update(toGoJson(values)).digest('hex')
}

/** JSON as Go's library writes it: names in order, and three characters escaped. */
function toGoJson(value: unknown): string {
  return JSON.stringify(sorted(value)).replace(
    /[<>&\u2028\u2029]/g,
    (character) => `\\u${character.charCodeAt(0).toString(16).padStart(4, '0')}`,
  )
}

function sorted(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(sorted)
  if (typeof value !== 'object' || value === null) return value
  const entries = Object.entries(value).toSorted(([a], [b]) => compareTexts(a, b))
  return Object.fromEntries(entries.map(([name, field]) => [name, sorted(field)]))
}
