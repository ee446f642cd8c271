import type { Node } from '@heddle/api/discovery'
import { canonicalIp } from '@heddle/api/kinds/ip-address'

/** As many as a Workload has, with an address of each family. */
const MAX_PORTS = 128
const MAX_LABELS = 64
const MAX_LABEL_CHARACTERS = 400
const LABEL = /^[a-z0-9]([-a-z0-9]{0,61}[a-z0-9])?$/
/** Names of pods and of what makes them have up to 253 characters. */
const SUBDOMAIN = /^[a-z0-9]([-a-z0-9.]{0,251}[a-z0-9])?$/
/** What people call their hosts is theirs to choose, but terminals obey control characters. May be empty. */
const TEXT = /^[^\p{C}]{0,255}$/u

/**
 * Checks what a proxy says about its workload, as far as that can be said without knowing others.
 *
 * @returns why it cannot be taken, or `undefined`
 */
export function checkRegistration(node: Node): string | undefined {
  const { namespace, workload, instance, serviceAccount, labels, ports, host } = node
  if (!LABEL.test(namespace)) return `namespace ${JSON.stringify(namespace)} is not a namespace's name`
  if (!SUBDOMAIN.test(workload)) return `workload ${JSON.stringify(workload)} is not a workload's name`
  if (!SUBDOMAIN.test(instance))
    return `instance ${JSON.stringify(instance)} is not a name of lower-case letters, digits, "-" and "."`
  if (!SUBDOMAIN.test(serviceAccount))
    return `service_account ${JSON.stringify(serviceAccount)} is not an account's name`
  if (!TEXT.test(host)) return `host ${JSON.stringify(host)} is not a host's name`
  if (ports.length > MAX_PORTS) return `more than ${MAX_PORTS} ports`
  const entries = Object.entries(labels)
  const isTooMuch =
    entries.length > MAX_LABELS || entries.some(([name, value]) => name.length + value.length > MAX_LABEL_CHARACTERS)
  if (isTooMuch) return `more than ${MAX_LABELS} labels, or too long ones`
  return checkTexts(node) ?? checkPorts(node)
}

/** Each is kept with the instance, and those of its locality and ports are told to every proxy that calls it. */
function checkTexts({ locality, proxyVersion, mode, ports }: Node): string | undefined {
  const { region = '', zone = '' } = locality ?? {}
  const texts = { 'locality.region': region, 'locality.zone': zone, proxy_version: proxyVersion, mode }
  const names = ports.map(({ name }, at) => [`ports[${at}].name`, name] as const)
  const bad = [...Object.entries(texts), ...names].find(([, text]) => !TEXT.test(text))
  return bad && `${bad[0]}: at most 255 characters, all of them printable`
}

function checkPorts({ ports }: Node): string | undefined {
  const seen = new Set<string>()
  for (const { port, address, addressPort } of ports) {
    if (!isPort(port) || !isPort(addressPort)) return `port ${port} at ${address}:${addressPort} is out of range`
    const canonical = canonicalIp(address)
    if (canonical === undefined) return `${JSON.stringify(address)} is not an IP address`
    if (canonical === '0.0.0.0' || canonical === '::') return `${canonical} is no address to connect to`
    // A port may have an address of each family.
    const place = `${port} ${canonical}`
    if (seen.has(place)) return `port ${port} is given twice`
    seen.add(place)
  }
  return undefined
}

function isPort(port: number): boolean {
  return port >= 1 && port <= 65_535
}
