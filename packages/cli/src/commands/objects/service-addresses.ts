import type { ControlClient } from '../../client/control-client.ts'

/**
 * Where applications on this host reach Services whose objects name no address, by `NAMESPACE/NAME`: empty in explicit mode, where
 * each client has a port of its own for each Service, and on a cluster, where objects say it.
 */
export async function listServiceAddresses(
  { admin, world }: ControlClient,
  namespace: string,
): Promise<ReadonlyMap<string, readonly string[]>> {
  const network = world.kind === 'local' ? world.context.network : undefined
  if (network === undefined) return new Map()
  const { services } = await admin.listServices({ namespace })
  return new Map(
    services.map((service) => {
      const reached = service.clusterIps.filter((address) => network.hasIpv6 || !address.includes(':'))
      return [`${service.namespace}/${service.name}`, reached]
    }),
  )
}
