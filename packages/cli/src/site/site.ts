import type { NamedService } from '../net/hosts-file.ts'
import type { Subnet } from '../net/subnet.ts'

/** How traffic comes into the proxies. */
export type Mode = 'transparent' | 'explicit'

/** Where the instances of a mesh live on this host: in network namespaces, or simply beside each other. */
export interface Site {
  readonly mode: Mode
  /** Where others may join; there once the site is open, and only in transparent mode. */
  readonly network: SiteNetwork | undefined
  /** Further addresses on which the control plane has to listen, without port. */
  readonly controlHosts: readonly string[]
  /** Everything that proxies have to be able to read lies here. */
  readonly runtime: Runtime
  /** To be called once the control plane listens. */
  open(control: ControlAddresses): Promise<void>
  /** A place for an instance; the caller must remove it. */
  addPlace(instance: PlaceRequest): Promise<Place>
  /** Makes the names of Services resolve within places. */
  setServices(services: readonly NamedService[]): Promise<void>
  /** Removes what the site itself has made. Gives the problems there were. */
  close(): Promise<readonly string[]>
}

/** The network of a mesh on this host. */
export interface SiteNetwork {
  readonly subnet: Subnet
  readonly bridge: string
  readonly hasIpv6: boolean
  /** Port of the control plane on the bridge's address. */
  readonly controlPort: number
  readonly proxyUid: number
}

export interface ControlAddresses {
  /** Port at which {@link Site.controlHosts} listen. */
  readonly port: number
  /** `HOST:PORT` on loopback. */
  readonly loopback: string
  /** Certificates to trust, PEM. */
  readonly trustBundlePem: string
}

export interface PlaceRequest {
  readonly namespace: string
  readonly instance: string
}

/** Where one instance lives. */
export interface Place {
  /** IP literal that the application binds. */
  readonly address: string
  /** Addresses by which others reach it; empty in explicit mode. */
  readonly advertised: readonly string[]
  /** `HOST:PORT` of the control plane as seen from here. */
  readonly controlAddress: string
  /** The command line that runs `command` as the proxy of this place. */
  proxyCommand(command: readonly string[]): readonly string[]
  /** The command line that runs `command` as the application of this place. */
  applicationCommand(command: readonly string[]): readonly string[]
  /** Removes the place with everything that still runs in it. */
  remove(): Promise<void>
}

/** Files that proxies are run from. */
export interface Runtime {
  /** Program and arguments that run a proxy. */
  readonly proxyCommand: readonly string[]
  readonly trustBundleFile: string
  /** Puts what is trusted by now into that file. */
  writeTrustBundle(pem: string): Promise<void>
  /** Writes a secret that only proxies may read; gives its path. */
  writeSecret(name: string, text: string): Promise<string>
  removeSecret(name: string): Promise<void>
}
