import { createHash } from 'node:crypto'
import { readFileSync } from 'node:fs'
import { messageOf } from '@heddle/base/message-of'
import { CliError } from '../cli-error.ts'
import { addBridge, hostForwards, hostHasIpv6, removeBridge, takenRanges } from '../net/bridge.ts'
import { addHostRules, type HostRule, hostRules, removeHostRules } from '../net/host-rules.ts'
import { formatHostsFile, type NamedService } from '../net/hosts-file.ts'
import { addNamespace, claimNamespace, type NamespaceRef, removeNamespace, updateHosts } from '../net/namespace.ts'
import { formatResolvConf } from '../net/resolv-conf.ts'
import { address4, address6, chooseSubnet, cidr4, MAX_INSTANCES, type Subnet } from '../net/subnet.ts'
import { findTool } from '../process/run-tool.ts'
import type { RunRecord } from '../state/run-record.ts'
import type { ControlAddresses, Place, PlaceRequest, Runtime, Site, SiteNetwork } from './site.ts'

export interface TransparentSiteOptions {
  readonly mesh: string
  /** The mesh's own; tells meshes of one name but of different users apart. */
  readonly stateDirectory: string
  readonly proxyUid: number
  readonly record: RunRecord
  prepareRuntime(trustBundlePem: string): Promise<Runtime>
  /** See {@link lifeTie}. */
  readonly tie: readonly string[]
  report(line: string): void
}

/**
 * Prepares a network of this host for the instances: a bridge, on which each instance's namespace will hang.
 *
 * @throws {CliError} when no network is free, or the tools fail
 */
export async function createTransparentSite(options: TransparentSiteOptions): Promise<Site> {
  const { seed, tag: bridge } = siteTag(options)
  const subnet = chooseSubnet(await takenRanges(), seed)
  if (subnet === undefined) {
    throw new CliError('no free network: every /20 within 10.192.0.0/11 is in use on this host', {
      hints: ['use --mode explicit, which needs no network of its own'],
    })
  }
  const hasIpv6 = hostHasIpv6()
  if (!hasIpv6) options.report('IPv6 is switched off on this host: workloads get IPv4 addresses only')
  await options.record.add('bridges', bridge)
  await addBridge({ name: bridge, subnet, hasIpv6 })
  return new TransparentSite(options, { subnet, bridge, hasIpv6 }, FIRST_OWN)
}

/**
 * A site on the network that another process has made and will remove: for single instances. It does not need
 * {@link Site.open}'s rules, and leaves the network as it is.
 *
 * @param network - as the mesh's context tells it
 */
export function joinTransparentSite(options: TransparentSiteOptions, network: SiteNetwork): Site {
  const { subnet, bridge, hasIpv6 } = network
  return new TransparentSite(options, { subnet, bridge, hasIpv6 }, FIRST_GUEST)
}

/** Numbers of the instances of `heddle up` and of guests; so that they do not take each other's. */
const FIRST_OWN = 1
const FIRST_GUEST = MAX_INSTANCES / 2

/** A name for the bridge and the files of a mesh, and a number to choose its network by; the same each time. */
export function siteTag({ stateDirectory, mesh }: Pick<TransparentSiteOptions, 'stateDirectory' | 'mesh'>) {
  const seed = createHash('sha256').update(`${stateDirectory}\0${mesh}`).digest('hex')
  return { seed, tag: `hd-${seed.slice(0, 6)}` }
}

interface Network {
  readonly subnet: Subnet
  readonly bridge: string
  readonly hasIpv6: boolean
}

interface Inhabitant {
  readonly ref: NamespaceRef
  readonly request: PlaceRequest
  readonly addresses: readonly string[]
}

class TransparentSite implements Site {
  readonly mode = 'transparent'
  readonly controlHosts: readonly string[]
  readonly #options: TransparentSiteOptions
  readonly #network: Network
  readonly #firstNumber: number
  readonly #hasEgress = hostForwards()
  readonly #numbers = new Set<number>()
  readonly #inhabitants = new Set<Inhabitant>()
  #runtime: Runtime | undefined
  #controlPort = 0
  #services: readonly NamedService[] = []
  #rules: readonly HostRule[] = []

  constructor(options: TransparentSiteOptions, network: Network, firstNumber: number) {
    this.#options = options
    this.#network = network
    this.#firstNumber = firstNumber
    this.controlHosts = [address4(network.subnet, 0)]
  }

  get network(): SiteNetwork | undefined {
    if (this.#controlPort === 0) return undefined
    return { ...this.#network, controlPort: this.#controlPort, proxyUid: this.#options.proxyUid }
  }

  get runtime(): Runtime {
    if (this.#runtime === undefined) throw new Error('the site is not open')
    return this.#runtime
  }

  async open(control: ControlAddresses): Promise<void> {
    const { bridge, subnet, hasIpv6 } = this.#network
    this.#controlPort = control.port
    this.#runtime = await this.#options.prepareRuntime(control.trustBundlePem)
    if (this.#firstNumber === FIRST_GUEST) return
    this.#rules = hostRules({
      bridge,
      controlPort: control.port,
      cidr: cidr4(subnet),
      hasIpv6,
      hasEgress: this.#hasEgress,
    })
    for (const rule of this.#rules) await this.#options.record.add('hostRules', rule)
    try {
      await addHostRules(this.#rules)
    } catch (error) {
      // Without a firewall on the host everything works without them.
      this.#options.report(`rules for the host's firewall could not be added: ${messageOf(error)}`)
    }
  }

  async addPlace(request: PlaceRequest): Promise<Place> {
    const { record, tie } = this.#options
    const number = await this.#takeNumber()
    const inhabitant = this.#inhabitant(number, request)
    const { ref, addresses } = inhabitant
    await record.add('namespaces', ref)
    const remove = async (): Promise<void> => {
      this.#inhabitants.delete(inhabitant)
      await removeNamespace(ref)
      await record.remove('namespaces', ref)
      this.#numbers.delete(number)
    }
    try {
      await this.#addNamespace(inhabitant, number)
      this.#inhabitants.add(inhabitant)
    } catch (error) {
      await remove().catch(() => {})
      throw error
    }
    const enter = [findTool('ip') ?? 'ip', 'netns', 'exec', ref.name]
    return {
      address: addresses[0]!,
      advertised: addresses,
      controlAddress: `${this.controlHosts[0]}:${this.#controlPort}`,
      proxyCommand: (command) => [...enter, ...this.#asProxyUser(), ...command],
      applicationCommand: (command) => [...enter, ...tie, ...command],
      remove,
    }
  }

  async setServices(services: readonly NamedService[]): Promise<void> {
    this.#services = services
    for (const inhabitant of this.#inhabitants) await updateHosts(inhabitant.ref.name, this.#hosts(inhabitant))
  }

  async close(): Promise<readonly string[]> {
    const { record } = this.#options
    const { bridge } = this.#network
    const problems = [...(await removeHostRules(this.#rules))]
    for (const rule of this.#rules) await record.remove('hostRules', rule)
    if (this.#firstNumber === FIRST_GUEST) return problems
    try {
      await removeBridge(bridge)
      await record.remove('bridges', bridge)
    } catch (error) {
      problems.push(messageOf(error))
    }
    return problems
  }

  /** Guests of the same mesh choose at the same time, so that a name is claimed in one step. */
  async #takeNumber(): Promise<number> {
    for (let number = this.#firstNumber; number < this.#firstNumber + MAX_INSTANCES / 2; number++) {
      if (this.#numbers.has(number)) continue
      this.#numbers.add(number)
      if (await claimNamespace(this.#name(number))) return number
    }
    throw new CliError(`more than ${MAX_INSTANCES / 2} instances on one host`)
  }

  #name(number: number): string {
    return `heddle-${this.#options.mesh}-${this.#network.bridge.replace('hd-', '')}-${number}`
  }

  #inhabitant(number: number, request: PlaceRequest): Inhabitant {
    const { subnet, bridge, hasIpv6 } = this.#network
    const addresses = [address4(subnet, number), ...(hasIpv6 ? [address6(subnet, number)] : [])]
    return { ref: { name: this.#name(number), link: `${bridge}-${number}` }, request, addresses }
  }

  async #addNamespace(inhabitant: Inhabitant, number: number): Promise<void> {
    const { ref } = inhabitant
    const resolvConf = formatResolvConf({
      text: readText('/etc/resolv.conf') ?? '',
      upstreamText: readText('/run/systemd/resolve/resolv.conf'),
      hasEgress: this.#hasEgress,
    })
    const files = { hosts: this.#hosts(inhabitant), resolvConf }
    await addNamespace({ ...this.#network, ...ref, number, proxyUid: this.#options.proxyUid, files })
  }

  #hosts({ request, addresses }: Inhabitant): string {
    const { namespace, instance } = request
    return formatHostsFile(this.#services, { instance, addresses, namespace, hasIpv6: this.#network.hasIpv6 })
  }

  #asProxyUser(): string[] {
    const uid = String(this.#options.proxyUid)
    return [findTool('setpriv') ?? 'setpriv', '--reuid', uid, '--regid', uid, '--clear-groups', '--no-new-privs', '--']
  }
}

function readText(file: string): string | undefined {
  try {
    return readFileSync(file, 'utf8')
  } catch {
    return undefined
  }
}
