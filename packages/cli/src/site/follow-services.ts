import type { Clock } from '@heddle/base/clock'
import type { ControlClient } from '../client/control-client.ts'
import type { NamedService } from '../net/hosts-file.ts'
import type { Site } from './site.ts'

export interface Following {
  readonly site: Site
  readonly control: ControlClient
  readonly clock: Clock
  /** Must be aborted before `stack` is unwound. */
  readonly signal: AbortSignal
}

const LOOK_AGAIN_MS = 1_000

/** Keeps the names within places in step with the Services of the mesh; explicit mode has no names. @throws {CliError} */
export async function followServices(following: Following, stack: AsyncDisposableStack): Promise<void> {
  const { site, control, clock, signal } = following
  if (site.mode === 'explicit') return
  let known = ''
  const look = async (): Promise<void> => {
    const services = await readServices(control)
    const seen = JSON.stringify(services)
    if (seen !== known) await site.setServices(services)
    known = seen
  }
  await look()
  const ended = (async () => {
    while (!signal.aborted) {
      await clock.sleep(LOOK_AGAIN_MS, signal)
      // The control plane may be away for a moment: names stay as they are.
      if (!signal.aborted) await look().catch(() => {})
    }
  })()
  stack.defer(() => ended)
}

/** A headless Service has no address of its own: its name means those of its instances that are ready. */
async function readServices({ admin }: ControlClient): Promise<readonly NamedService[]> {
  const { services } = await admin.listServices({})
  if (services.every(({ clusterIps }) => clusterIps.length > 0)) return services.map(toNamed)
  const { endpoints } = await admin.listEndpoints({})
  return services.map((service) => {
    if (service.clusterIps.length > 0) return toNamed(service)
    const { namespace, name } = service
    const own = endpoints.filter((one) => one.ready && one.namespace === namespace && one.service === name)
    return { namespace, name, clusterIps: [...new Set(own.map((one) => one.endpoint?.address ?? ''))].sort() }
  })
}

function toNamed({ namespace, name, clusterIps }: NamedService): NamedService {
  return { namespace, name, clusterIps }
}
