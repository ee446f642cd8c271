import type { InjectValues } from '@heddle/kube/inject/values'
import { toInjectValues } from '@heddle/kube/inject/values'
import { readUsableValues } from '@heddle/kube/install/usable-values'
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
 * Reads the values of injection, parsing them once each time they change. What this version cannot use of them has its default: one bad
 * value, or one of a version that is just replacing this one, must not leave pods without proxies. Where nothing of them can be read, those of
 * before stay in force.
 *
 * @param tellUnused - hears of what has its default for that reason, once each time the values change
 * @returns a function that throws while the values are not there
 */
export function installedValues(
  source: InstalledValuesSource,
  tellUnused: (unused: readonly string[]) => void,
): () => InjectValues {
  let read: { readonly text: string; readonly values: InstallValues } | undefined
  return () => {
    const text = source.values()
    if (text === undefined)
      throw new Error('the ConfigMap heddle-config with the values of the installation is not there')
    if (read?.text !== text) {
      const { values, unused, isReadable } = readUsableValues(text)
      read = { text, values: isReadable ? values : (read?.values ?? values) }
      if (unused.length > 0) tellUnused(unused)
    }
    const facts = { namespace: source.namespace, trustBundlePem: source.trustBundlePem() }
    return toInjectValues({ ...read.values, trustDomain: source.trustDomain }, facts)
  }
}
