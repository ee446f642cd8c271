import type { Service, ServicePort } from '../kinds/service.ts'
import type { Workload } from '../kinds/workload.ts'
import { errorAt, type Finding, type Path, warningAt } from './finding.ts'
import type { ManifestEntry, ManifestSet } from './manifest-set.ts'
import type { Problem } from './problem.ts'

/** A Service leads somewhere: its selector selects, and what it selects has its ports. */
export function checkServices(set: ManifestSet): Problem[] {
  return set.services.flatMap((entry) => checkService(entry, set).map((finding) => entry.raw.problem(finding)))
}

function checkService({ object }: ManifestEntry<Service>, set: ManifestSet): Finding[] {
  const { type, selector } = object.spec
  if (type === 'ExternalName') {
    return [
      warningAt(
        ['spec', 'type'],
        'ExternalName has no effect: clients of this name get an error',
        'let them ask for the outside name itself',
      ),
    ]
  }
  if (selector === undefined)
    return [warningAt(['spec'], 'there is no selector, so no Workload is behind this Service')]
  const selected = set.workloadsByLabel.select(object.metadata.namespace, selector).map((entry) => entry.object)
  const isHidden = set.mayHideWorkload(object.metadata.namespace, selector)
  if (selected.length === 0) {
    if (isHidden) return []
    return [
      warningAt(
        ['spec', 'selector'],
        'selects no Workload of these files',
        'compare it with the labels of the Workloads in this namespace',
      ),
    ]
  }
  return object.spec.ports.flatMap((port, i) =>
    checkTarget(port, ['spec', 'ports', i, 'targetPort'], { selected, isHidden }),
  )
}

interface Behind {
  readonly selected: readonly Workload[]
  /** Whether there may be more, which cannot be looked into. */
  readonly isHidden: boolean
}

function checkTarget(port: ServicePort, path: Path, { selected, isHidden }: Behind): Finding[] {
  if (port.protocol !== 'TCP') return []
  const without = selected.filter((workload) => !hasTarget(workload, port))
  if (without.length === 0) return []
  const { targetPort } = port
  const what = typeof targetPort === 'string' ? `no port named ${targetPort}` : `no port ${targetPort}`
  const names = without.slice(0, 3).map((workload) => workload.metadata.name)
  const reason = `Workload ${names.join(', ')}${without.length > 3 ? ', ...' : ''} ${without.length === 1 ? 'has' : 'have'} ${what}`
  const isError = typeof targetPort === 'string' && without.length === selected.length && !isHidden
  if (isError) return [errorAt(path, reason, describePorts(without[0]!))]
  return [warningAt(path, `${reason}, so this port does not lead there`, describePorts(without[0]!))]
}

/** Without declared ports, a Workload at addresses is taken to have every port. */
function hasTarget({ spec }: Workload, { targetPort }: ServicePort): boolean {
  if (typeof targetPort === 'string') return spec.ports.some((port) => port.name === targetPort)
  if (spec.addresses !== undefined && spec.ports.length === 0) return true
  return spec.ports.some((port) => port.port === targetPort)
}

function describePorts({ spec }: Workload): string {
  if (spec.ports.length === 0) return 'it declares no ports'
  return `it has ${spec.ports.map((port) => `${port.name} (${port.port})`).join(', ')}`
}
