import type { IpFamily } from '@heddle/api/kinds/service'
import type { Instance, InstancePort } from './instance.ts'

/**
 * Ports of whole addresses that were asked for. What is made of a port is kept beside it, so the same port must be the same
 * value; few ports of an instance are ever asked for.
 */
const wholePorts = new WeakMap<Instance, InstancePort[]>()

/** A port of an address all of whose ports are the instance's. The same value for as long as the instance is the same. */
export function wholePort(instance: Instance, address: string, port: number): InstancePort {
  const known = wholePorts.get(instance)
  const found = known?.find((one) => one.addressPort === port && one.address === address)
  if (found !== undefined) return found
  const made = { name: '', port, address, addressPort: port }
  if (known === undefined) wholePorts.set(instance, [made])
  else known.push(made)
  return made
}

/**
 * Where a Service reaches an instance: at an address of the family that the Service asks for first, where the instance has one.
 *
 * @param targetPort - number, or name of a port of the instance
 * @returns `undefined`: the instance has no such port
 */
export function findTargetPort(
  instance: Instance,
  targetPort: number | string,
  family: IpFamily | undefined,
): InstancePort | undefined {
  const { ports, wholeAddresses } = instance
  if (typeof targetPort === 'number' && wholeAddresses.length > 0) {
    const address = wholeAddresses.find((one) => isOf(one, family)) ?? wholeAddresses[0]!
    return wholePort(instance, address, targetPort)
  }
  let other: InstancePort | undefined
  for (const port of ports) {
    if (port.name !== targetPort && port.port !== targetPort) continue
    if (isOf(port.address, family)) return port
    other ??= port
  }
  return other
}

function isOf(address: string, family: IpFamily | undefined): boolean {
  return family === undefined || address.includes(':') === (family === 'IPv6')
}
