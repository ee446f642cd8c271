import type { ParentRef } from '../route-refs.ts'
import type { Service, ServicePort } from '../service.ts'

/** Ports of the Service that the reference covers: by number, by name, or all. Only TCP is carried. */
export function parentPorts(ref: Pick<ParentRef, 'port' | 'sectionName'>, service: Service): readonly ServicePort[] {
  return service.spec.ports.filter(
    ({ protocol, port, name }) =>
      protocol === 'TCP' && port === (ref.port ?? port) && name === (ref.sectionName ?? name),
  )
}

/** `80 (http), 8080`, for sentences. */
export function describePorts(service: Service): string {
  const ports = service.spec.ports.filter(({ protocol }) => protocol === 'TCP')
  if (ports.length === 0) return 'none'
  return ports.map(({ name, port }) => (name === '' ? `${port}` : `${port} (${name})`)).join(', ')
}
