import type { InjectValues } from '@heddle/kube/inject/values'
import { toInjectValues } from '@heddle/kube/inject/values'
import { readInstallValues } from '@heddle/kube/install/read-values'
import type { InstallValues } from '@heddle/kube/install/values'

/** Where the values of injection come from; each is asked anew, since all of them may change. */
export interface InstalledValuesSource {
  /** Text of `values.yaml` in the ConfigMap `heddle-config`; `undefined`: it was not read yet, or is not there. */
  values(): string | undefined
  trustBundlePem(): string
  /** Of the authority that signs. */
  readonly trustDomain: string
  /** Where Heddle is installed. */
  readonly namespace: string
}

/**
 * Reads the values of injection, parsing them once each time they change.
 *
 * @returns a function that throws while they are not there, and {ConfigError} for what cannot be read
 */
export function installedValues(source: InstalledValuesSource): () => InjectValues {
  let read: { readonly text: string; readonly values: InstallValues } | undefined
  return () => {
    const text = source.values()
    if (text === undefined)
      throw new Error('the ConfigMap heddle-config with the values of the installation is not there')
    if (read?.text !== text) {
      read = { text, values: readInstallValues([{ kind: 'file', path: 'values.yaml', text }]) }
    }
    const facts = { namespace: source.namespace, trustBundlePem: source.trustBundlePem() }
    return toInjectValues({ ...read.values, trustDomain: source.trustDomain }, facts)
  }
}
