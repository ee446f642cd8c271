import { createHash } from 'node:crypto'
import { dirname, resolve } from 'node:path'
import { formatRef, refOf } from '@heddle/api/kinds'
import { selects } from '@heddle/api/kinds/label-index'
import type { ObjectMeta } from '@heddle/api/kinds/meta'
import type { Service } from '@heddle/api/kinds/service'
import type { Workload } from '@heddle/api/kinds/workload'
import type { Manifests } from '@heddle/api/manifest'
import { CliError } from '../cli-error.ts'
import { referencedServices, type ServicePorts, type ServiceReference } from '../instance/environment.ts'
import type { InstanceTemplate } from '../instance/instance-template.ts'
import { applicationPath, findExecutable } from '../process/find-executable.ts'

/** How many instances of a Workload there should be, and of what. */
export interface DesiredWorkload {
  /** `NAMESPACE/NAME` */
  readonly key: string
  readonly replicas: number
  readonly template: InstanceTemplate
  /** Keys of the Workloads behind the Services that it refers to, as far as they do not need it in turn. */
  readonly needs: readonly string[]
  /** Whether any Service leads to it; others only call. */
  readonly isCalled: boolean
}

/**
 * The Workloads that this host has to run: those with a command.
 *
 * @param path - search path for commands
 * @throws {CliError} listing every Workload that cannot be run as it is
 */
export function desiredWorkloads(content: Manifests, path: string): readonly DesiredWorkload[] {
  const services = content.objects.filter((object): object is Service => object.kind === 'Service')
  const ports = servicePorts(services)
  const problems: string[] = []
  const desired: DesiredWorkload[] = []
  for (const object of content.objects) {
    if (object.kind !== 'Workload' || object.spec.command === undefined) continue
    try {
      desired.push(toDesired(object, { content, ports, path }))
    } catch (error) {
      if (!(error instanceof CliError)) throw error
      problems.push(`Workload ${object.metadata.namespace}/${object.metadata.name}: ${error.message}`)
    }
  }
  if (problems.length > 0) throw new CliError(problems.join('\n'))
  return withoutCycles(desired)
}

interface Surroundings {
  readonly content: Manifests
  readonly ports: ServicePorts
  readonly path: string
}

function toDesired(workload: Workload, { content, ports, path }: Surroundings): DesiredWorkload {
  const { metadata, spec } = workload
  const file = content.fileOf.get(formatRef(refOf(workload))) ?? '.'
  const workingDirectory = resolve(dirname(file), spec.workingDir ?? '.')
  checkCommand(spec.command?.[0] ?? '', workingDirectory, path)
  const upstreams = referencedServices(spec.env, ports)
  const fingerprint = fingerprintOf(workload, workingDirectory, upstreams)
  return {
    key: `${metadata.namespace}/${metadata.name}`,
    replicas: spec.replicas,
    template: { workload, workingDirectory, upstreams, servicePorts: ports, fingerprint },
    needs: upstreams.flatMap((upstream) => workloadsBehind(upstream, content)),
    isCalled: content.objects.some((object) => object.kind === 'Service' && leadsTo(object, metadata)),
  }
}

function workloadsBehind({ namespace, name }: ServiceReference, { objects }: Manifests): readonly string[] {
  const service = objects.find(
    (object) => object.kind === 'Service' && object.metadata.namespace === namespace && object.metadata.name === name,
  )
  if (service?.kind !== 'Service') return []
  const behind = objects.filter((object) => object.kind === 'Workload' && leadsTo(service, object.metadata))
  return behind.map(({ metadata }) => `${metadata.namespace}/${metadata.name}`)
}

function leadsTo({ metadata, spec }: Service, { namespace, labels }: ObjectMeta): boolean {
  return metadata.namespace === namespace && selects(spec.selector, labels)
}

/** Workloads that need each other are started together: waiting would never end. */
function withoutCycles(desired: readonly DesiredWorkload[]): readonly DesiredWorkload[] {
  const needsOf = new Map(desired.map(({ key, needs }) => [key, needs]))
  const reaches = (from: string, to: string, seen = new Set<string>()): boolean => {
    if (from === to) return true
    if (seen.has(from)) return false
    seen.add(from)
    return (needsOf.get(from) ?? []).some((next) => reaches(next, to, seen))
  }
  return desired.map((one) => ({
    ...one,
    needs: one.needs.filter((need) => needsOf.has(need) && !reaches(need, one.key)),
  }))
}

function checkCommand(program: string, workingDirectory: string, path: string): void {
  if (findExecutable(program, applicationPath(workingDirectory, path), workingDirectory) !== undefined) return
  throw new CliError(`the command ${JSON.stringify(program)} was not found (working directory ${workingDirectory})`)
}

/** Everything but the number of replicas: a change of it needs new instances. */
function fingerprintOf({ metadata, spec }: Workload, directory: string, upstreams: unknown): string {
  const { replicas: _, ...rest } = spec
  return createHash('sha256')
    .update(JSON.stringify([metadata, rest, directory, upstreams]))
    .digest('hex')
}

function servicePorts(services: readonly Service[]): ServicePorts {
  const byName = new Map(services.map((service) => [`${service.metadata.namespace}/${service.metadata.name}`, service]))
  return {
    portNumber(namespace, name, port) {
      const known = byName.get(`${namespace}/${name}`)?.spec.ports
      return known?.find((one) => one.port === port || one.name === port)?.port
    },
  }
}
