import { formatRef } from '../kinds/mesh-object.ts'
import type { Service } from '../kinds/service.ts'
import type { EnvVarSource, Workload } from '../kinds/workload.ts'
import { errorAt, type Finding, type Path, warningAt } from './finding.ts'
import type { ManifestSet } from './manifest-set.ts'
import { nearest } from './nearest.ts'
import type { Problem } from './problem.ts'

/** What a Workload refers to is there. */
export function checkWorkloads(set: ManifestSet): Problem[] {
  return set.workloads.flatMap(({ object, raw }) => {
    const findings = [...checkAccount(object, set), ...checkEnv(object, set), ...checkHealthCheck(object)]
    return findings.map((finding) => raw.problem(finding))
  })
}

/** Every namespace has an account named default. */
function checkAccount({ metadata: { namespace }, spec: { serviceAccount } }: Workload, set: ManifestSet): Finding[] {
  const ref = formatRef({ kind: 'ServiceAccount', namespace, name: serviceAccount })
  if (serviceAccount === 'default' || set.byRef.has(ref) || set.refused.has(ref)) return []
  const reason = `there is no ServiceAccount ${namespace}/${serviceAccount} in these files`
  return [warningAt(['spec', 'serviceAccount'], reason, 'a cluster would not start this; the mesh does')]
}

function checkEnv(workload: Workload, set: ManifestSet): Finding[] {
  return workload.spec.env.flatMap(({ valueFrom }, i) => {
    if (valueFrom?.portRef !== undefined) {
      return checkPortName(workload, valueFrom.portRef.name, ['spec', 'env', i, 'valueFrom', 'portRef', 'name'])
    }
    const { serviceRef } = valueFrom ?? {}
    return serviceRef === undefined
      ? []
      : checkServiceRef(serviceRef, ['spec', 'env', i, 'valueFrom', 'serviceRef'], set)
  })
}

function checkServiceRef(ref: NonNullable<EnvVarSource['serviceRef']>, path: Path, set: ManifestSet): Finding[] {
  const { namespace, name } = ref
  const key = formatRef({ kind: 'Service', namespace, name })
  if (set.refused.has(key)) return []
  const service = set.byRef.get(key)?.object as Service | undefined
  if (service === undefined) {
    const names = set.services.map(({ object }) => object).filter((one) => one.metadata.namespace === namespace)
    const meant = nearest(
      name,
      names.map((one) => one.metadata.name),
    )
    return [errorAt([...path, 'name'], `there is no Service ${namespace}/${name}`, meant && `did you mean ${meant}?`)]
  }
  const { ports } = service.spec
  if (ports.some((port) => port.protocol === 'TCP' && (port.port === ref.port || port.name === ref.port))) return []
  const known = ports.map((port) => (port.name === '' ? `${port.port}` : `${port.port} (${port.name})`)).join(', ')
  return [
    errorAt([...path, 'port'], `Service ${namespace}/${name} has no TCP port ${ref.port}`, `it has ${known || 'none'}`),
  ]
}

function checkHealthCheck(workload: Workload): Finding[] {
  const { httpGet, tcpSocket } = workload.spec.healthCheck ?? {}
  const port = httpGet?.port ?? tcpSocket?.port
  if (typeof port !== 'string') return []
  return checkPortName(workload, port, ['spec', 'healthCheck', httpGet === undefined ? 'tcpSocket' : 'httpGet', 'port'])
}

function checkPortName({ spec }: Workload, name: string, path: Path): Finding[] {
  if (spec.ports.some((port) => port.name === name)) return []
  const known = spec.ports.map((port) => port.name).join(', ')
  return [
    errorAt(path, `there is no port named ${name} in spec.ports`, known === '' ? 'it is empty' : `it has ${known}`),
  ]
}
