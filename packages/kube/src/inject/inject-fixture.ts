import { readInstallValues } from '../install/read-install-values.ts'
import type { InjectValues } from './inject-values.ts'
import { toInjectValues } from './inject-values.ts'
import type { PodTemplate } from './pod.ts'

const TRUST_BUNDLE = '-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----\n'

/** Values of an installation that was told nothing; with a version that stays the same. */
export const VALUES: InjectValues = {
  ...toInjectValues(readInstallValues([]), { namespace: 'heddle', trustBundlePem: TRUST_BUNDLE }),
  version: '1.2.3',
  proxyImage: 'heddle/proxy:1.2.3',
}

/** A pod that asks for a proxy. */
export function podWith(
  annotations: Readonly<Record<string, string>> = {},
  spec: PodTemplate['spec'] = {},
): PodTemplate {
  return {
    metadata: { annotations: { 'heddle.dev/inject': 'enabled', ...annotations } },
    spec: { containers: [{ name: 'web', image: 'web:1' }], ...spec },
  }
}
