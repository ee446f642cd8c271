import type { Clock } from '@heddle/base/clock'
import type { Log } from '@heddle/base/log'
import type { KubeClient, KubeObject } from '@heddle/kube/client'
import { CONFIG_KEYS, INSTALL_NAMES } from '@heddle/kube/install/names'
import { CONFIG_MAPS } from '@heddle/kube/resources'
import { followOne } from './follow-one.ts'

export interface InstallConfigOptions {
  readonly client: Pick<KubeClient, 'listPages' | 'watch'>
  readonly namespace: string
  readonly clock: Clock
  readonly log: Log
}

interface ConfigMap extends KubeObject {
  readonly data?: Readonly<Record<string, string>>
}

/**
 * Follows what the installation was told, until `signal` is aborted.
 *
 * @returns once it was read, a function that gives the text of `values.yaml`; `undefined` where there is none
 */
export async function followInstallValues(
  options: InstallConfigOptions,
  signal: AbortSignal,
): Promise<() => string | undefined> {
  let text: string | undefined
  const trim = ({ data }: ConfigMap) => ({ values: data?.[CONFIG_KEYS.values] })
  const heard = (value: ReturnType<typeof trim> | undefined) => {
    text = value?.values
  }
  await followOne({ ...options, resource: CONFIG_MAPS, name: INSTALL_NAMES.config, trim }, heard, signal)
  return () => text
}
