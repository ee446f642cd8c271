import type { Setting } from '../inject/setting.ts'
import { SETTINGS, type SettingTable } from '../inject/settings.ts'

/** A setting of injection as a value of the installation. */
export interface ProxyValue {
  /** Below `proxy`: `logLevel` for the annotation `heddle.dev/proxy-log-level`. */
  readonly key: string
  readonly setting: Setting<unknown>
}

/** `image` says these for the control plane and the proxies together. */
const SAID_BY_IMAGE: ReadonlySet<keyof SettingTable> = new Set(['proxyImage', 'proxyImagePullPolicy'])

/** Everything that annotations can say of a proxy can have another default in an installation. */
export const PROXY_VALUES: readonly ProxyValue[] = Object.entries<Setting<unknown>>(SETTINGS)
  .filter(([property]) => !SAID_BY_IMAGE.has(property as keyof SettingTable))
  .map(([, setting]) => ({ key: keyOf(setting.name), setting }))

function keyOf(annotation: string): string {
  return annotation.replace(/^proxy-/, '').replace(/-(\w)/g, (_, letter: string) => letter.toUpperCase())
}
