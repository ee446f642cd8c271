import type { Place, Runtime, Site } from './site.ts'

export interface ExplicitSiteOptions {
  prepareRuntime(trustBundlePem: string): Promise<Runtime>
  /** Ties applications to the life of this process; see {@link lifeTie}. */
  readonly tie: readonly string[]
}

/**
 * Instances beside each other on loopback, told apart by ports: needs no rights and nothing of Linux.
 */
export function createExplicitSite(options: ExplicitSiteOptions): Site {
  let runtime: Runtime | undefined
  let controlAddress = ''
  return {
    mode: 'explicit',
    network: undefined,
    controlHosts: [],
    get runtime() {
      return runtime ?? throwClosed()
    },
    async open(control) {
      controlAddress = control.loopback
      runtime = await options.prepareRuntime(control.trustBundlePem)
    },
    addPlace: () => Promise.resolve(loopbackPlace(controlAddress, options.tie)),
    setServices: () => Promise.resolve(),
    close: () => Promise.resolve([]),
  }
}

function throwClosed(): never {
  throw new Error('the site is not open')
}

/** A place on loopback: shared with everything else on the host. */
export function loopbackPlace(controlAddress: string, tie: readonly string[]): Place {
  return {
    address: '127.0.0.1',
    advertised: [],
    controlAddress,
    proxyCommand: (command) => command,
    applicationCommand: (command) => [...tie, ...command],
    remove: () => Promise.resolve(),
  }
}
