import { isIP } from 'node:net'
import { compareTexts } from '@heddle/base/compare-texts'

/** A Service as far as its names go. */
export interface NamedService {
  readonly namespace: string
  readonly name: string
  /** Virtual addresses; those that are no IP literal (`None`) are left out. */
  readonly clusterIps: readonly string[]
}

export interface HostsFileOptions {
  /** Name and addresses of the instance itself, so that it can resolve its own host name. */
  readonly instance: string
  readonly addresses: readonly string[]
  /** Namespace of the workload: its Services may be called by their short name. */
  readonly namespace: string
  /** Addresses of a family that the workload does not have are left out. */
  readonly hasIpv6: boolean
}

/** `/etc/hosts` of a workload: the names of all Services as a cluster would resolve them. */
export function formatHostsFile(services: readonly NamedService[], options: HostsFileOptions): string {
  const lines = ['127.0.0.1\tlocalhost']
  if (options.hasIpv6) lines.push('::1\tlocalhost ip6-localhost ip6-loopback')
  for (const address of options.addresses) lines.push(`${address}\t${options.instance}`)
  for (const service of [...services].sort(byName)) {
    for (const address of service.clusterIps) {
      const family = isIP(address)
      if (family === 0 || (family === 6 && !options.hasIpv6)) continue
      lines.push(`${address}\t${namesOf(service, options.namespace).join(' ')}`)
    }
  }
  return `${lines.join('\n')}\n`
}

function byName(a: NamedService, b: NamedService): number {
  return compareTexts(`${a.namespace}/${a.name}`, `${b.namespace}/${b.name}`)
}

/** The whole name first: it is what a look-up of the address would give back. */
function namesOf({ name, namespace }: NamedService, own: string): string[] {
  const names = [`${name}.${namespace}.svc.cluster.local`, `${name}.${namespace}.svc`, `${name}.${namespace}`]
  return namespace === own ? [...names, name] : names
}
