import { formatNameKey } from '@heddle/api/destination-key'
import type { EnvFieldPath, EnvVar, EnvVarSource } from '@heddle/api/kinds/workload'
import { CliError } from '../cli-error.ts'

/** What the values of `valueFrom` are taken from. Known once the instance's proxy listens. */
export interface EnvironmentFacts {
  readonly instance: string
  readonly namespace: string
  readonly serviceAccount: string
  /** IP literal that the application binds. */
  readonly address: string
  /** Port of the Workload by name, to the port on which the application listens. */
  readonly ports: ReadonlyMap<string, number>
  /** Key of {@link formatNameKey} to the `HOST:PORT` at which the application reaches it. */
  readonly upstreams: ReadonlyMap<string, string>
}

/** A port of a Service that an application calls. */
export interface ServiceReference {
  readonly namespace: string
  readonly name: string
  readonly port: number
}

/** Ports of Services by name, for references that name them. */
export interface ServicePorts {
  /** `undefined`: no such Service or port. */
  portNumber(namespace: string, service: string, port: number | string): number | undefined
}

/**
 * The Services that the environment refers to, each once, in the order of first use.
 *
 * @throws {CliError} naming the first that does not exist
 */
export function referencedServices(env: readonly EnvVar[], ports: ServicePorts): readonly ServiceReference[] {
  const found = new Map<string, ServiceReference>()
  for (const variable of env) {
    const reference = variable.valueFrom?.serviceRef
    if (reference === undefined) continue
    const resolved = resolveReference(variable.name, reference, ports)
    found.set(formatNameKey(resolved, resolved.port), resolved)
  }
  return [...found.values()]
}

/**
 * The environment of an application, `valueFrom` replaced by what it stands for.
 *
 * @throws {CliError} naming the variable that cannot be resolved
 */
export function resolveEnvironment(
  env: readonly EnvVar[],
  facts: EnvironmentFacts,
  ports: ServicePorts,
): Readonly<Record<string, string>> {
  const resolved: Record<string, string> = {}
  for (const variable of env) resolved[variable.name] = textOf(variable, facts, ports)
  return resolved
}

function textOf(variable: EnvVar, facts: EnvironmentFacts, ports: ServicePorts): string {
  const { name, value, valueFrom } = variable
  if (valueFrom === undefined) return value ?? ''
  const { serviceRef, portRef, fieldRef } = valueFrom
  if (serviceRef !== undefined) {
    const reference = resolveReference(name, serviceRef, ports)
    const key = formatNameKey(reference, reference.port)
    return facts.upstreams.get(key) ?? throwUnresolved(name, `nothing listens for ${key}`)
  }
  if (portRef !== undefined) {
    const port = facts.ports.get(portRef.name) ?? throwUnresolved(name, `there is no port named ${portRef.name}`)
    return String(port)
  }
  if (fieldRef !== undefined) return fieldOf(fieldRef.fieldPath, facts)
  return throwUnresolved(name, 'valueFrom is empty')
}

function resolveReference(
  variable: string,
  reference: NonNullable<EnvVarSource['serviceRef']>,
  ports: ServicePorts,
): ServiceReference {
  const { namespace, name, port } = reference
  const number = ports.portNumber(namespace, name, port)
  if (number === undefined) throwUnresolved(variable, `there is no Service ${name}.${namespace} with port ${port}`)
  return { namespace, name, port: number }
}

function fieldOf(path: EnvFieldPath, facts: EnvironmentFacts): string {
  switch (path) {
    case 'metadata.name':
      return facts.instance
    case 'metadata.namespace':
      return facts.namespace
    case 'spec.serviceAccount':
      return facts.serviceAccount
    case 'status.address':
      return facts.address
  }
}

function throwUnresolved(variable: string, reason: string): never {
  throw new CliError(`environment variable ${variable}: ${reason}`)
}
