import { imageOf } from '../install/image.ts'
import { INSTALL_NAMES, INSTALL_PORTS } from '../install/install-names.ts'
import type { InstallValues } from '../install/install-values.ts'
import { INSTALL_VERSION } from '../install/install-version.ts'
import { PROXY_VALUES } from '../install/proxy-values.ts'

/** What injection must know of the installed mesh. */
export interface InjectValues {
  /** Of Heddle; it is written on every injected pod. */
  readonly version: string
  /** Where the control plane runs; pods there are never injected. */
  readonly controlNamespace: string
  readonly trustDomain: string
  /** `HOST:PORT`, as a pod of any namespace can reach it. */
  readonly controlAddress: string
  /** SPIFFE id that the control plane proves. */
  readonly controlIdentity: string
  /** Certificates (PEM) by which a proxy knows the control plane at its first connection. */
  readonly trustBundlePem: string
  /** Image with the proxy and the init program, in full. */
  readonly proxyImage: string
  /** Secrets with which the node pulls that image; each namespace has its own. */
  readonly pullSecrets: readonly string[]
  /** Defaults that differ from those of the table, by the annotation's name without prefix: `{ "proxy-log-level": "warn" }`. */
  readonly defaults: Readonly<Record<string, string>>
}

/** What an installation's values do not say. */
export interface InstallFacts {
  /** Where it is installed. */
  readonly namespace: string
  readonly trustBundlePem: string
}

/** What injection needs of an installation's values. */
export function toInjectValues(values: InstallValues, { namespace, trustBundlePem }: InstallFacts): InjectValues {
  const { trustDomain, image, proxy } = values
  const { control, controlAccount } = INSTALL_NAMES
  return {
    version: INSTALL_VERSION,
    controlNamespace: namespace,
    trustDomain,
    controlAddress: `${control}.${namespace}.svc:${INSTALL_PORTS.api}`,
    controlIdentity: `spiffe://${trustDomain}/ns/${namespace}/sa/${controlAccount}`,
    trustBundlePem,
    proxyImage: imageOf('proxy', values),
    pullSecrets: image.pullSecrets,
    defaults: { ...toDefaults(proxy), 'proxy-image-pull-policy': image.pullPolicy },
  }
}

function toDefaults(proxy: InstallValues['proxy']): Readonly<Record<string, string>> {
  const said = PROXY_VALUES.filter(({ key }) => proxy[key] !== undefined)
  return Object.fromEntries(said.map(({ key, setting }) => [setting.name, proxy[key] ?? '']))
}
