import { formatNameKey } from '@heddle/api/destination-key'
import { applicationPath } from '../process/find-executable.ts'
import type { LogFile } from '../process/log-file.ts'
import type { Place } from '../site/site.ts'
import type { ApplicationOptions } from './application.ts'
import { resolveEnvironment } from './environment.ts'
import type { InstanceDeps, InstanceTemplate } from './instance-template.ts'
import type { SidecarIdentity, SidecarPort } from './proxy-environment.ts'
import type { ListeningEvent } from './proxy-event.ts'
import type { SidecarOptions } from './sidecar-options.ts'

/** An instance that has its place, before its programs run. */
export interface PlacedInstance {
  readonly name: string
  readonly template: InstanceTemplate
  readonly deps: InstanceDeps
  readonly place: Place
  /** By the name of the Workload's port: where the application listens. */
  readonly appPorts: ReadonlyMap<string, number>
}

/**
 * Where the application is to listen, by the name of the Workload's port. In explicit mode it shares loopback with everything else, so
 * it is told where; those ports are to be given back to {@link InstanceDeps.ports}.
 */
export async function chooseAppPorts(template: InstanceTemplate, deps: InstanceDeps): Promise<Map<string, number>> {
  const chosen = new Map<string, number>()
  for (const { name, port } of template.workload.spec.ports) {
    chosen.set(name, deps.site.mode === 'explicit' ? await deps.ports.pick() : port)
  }
  return chosen
}

/** What the proxy of an instance is started with. @param output - takes what it writes */
export function sidecarOptions(placed: PlacedInstance, output: LogFile): SidecarOptions {
  const { template, deps, place } = placed
  const { site, control, mintToken, record, clock, proxyOverrides, report } = deps
  const { metadata, spec } = template.workload
  return {
    mode: site.mode,
    identity: identityOf(placed),
    control: { ...control, address: place.controlAddress },
    ports: spec.ports.map(({ name, port }) => sidecarPort(name, port, placed)),
    upstreams: template.upstreams.map((reference) => ({ key: formatNameKey(reference, reference.port) })),
    advertised: place.advertised,
    ...(spec.healthCheck === undefined ? {} : { healthCheck: spec.healthCheck }),
    overrides: proxyOverrides,
    place,
    runtime: site.runtime,
    mintToken: () => mintToken(metadata.namespace, spec.serviceAccount),
    output,
    record,
    clock,
    report,
  }
}

/** What the application of an instance is started with. @param listening - where its proxy listens */
export function applicationOptions(
  placed: PlacedInstance,
  listening: ListeningEvent,
  output: LogFile,
): ApplicationOptions {
  const { name, template, deps, place } = placed
  const { record, clock, report } = deps
  const { spec } = template.workload
  return {
    name,
    command: place.applicationCommand([...(spec.command ?? []), ...spec.args]),
    env: environmentOf(placed, listening),
    cwd: template.workingDirectory,
    restartPolicy: spec.restartPolicy,
    terminationGraceMs: spec.terminationGracePeriodSeconds * 1000,
    output,
    record,
    clock,
    report,
  }
}

function identityOf({ name, template }: PlacedInstance): SidecarIdentity {
  const { metadata, spec } = template.workload
  return {
    namespace: metadata.namespace,
    workload: metadata.name,
    instance: name,
    serviceAccount: spec.serviceAccount,
    labels: metadata.labels,
    ...(spec.locality === undefined ? {} : { locality: spec.locality }),
  }
}

function sidecarPort(name: string, port: number, { deps, place, appPorts }: PlacedInstance): SidecarPort {
  if (deps.site.mode === 'transparent') return { name, port }
  return { name, port, app: `${place.address}:${appPorts.get(name)}` }
}

function environmentOf(placed: PlacedInstance, listening: ListeningEvent): Readonly<Record<string, string>> {
  const { name, template, deps, place, appPorts } = placed
  const { metadata, spec } = template.workload
  const facts = {
    instance: name,
    namespace: metadata.namespace,
    serviceAccount: spec.serviceAccount,
    address: place.address,
    ports: appPorts,
    upstreams: upstreamAddresses(placed, listening),
  }
  return {
    ...inheritedOf(deps.env),
    PATH: applicationPath(template.workingDirectory, deps.env.PATH ?? ''),
    ...resolveEnvironment(spec.env, facts, template.servicePorts),
  }
}

function inheritedOf(env: InstanceDeps['env']): Readonly<Record<string, string>> {
  const inherited = Object.entries(env).filter(([name, value]) => value !== undefined && !name.startsWith('HEDDLE_'))
  return Object.fromEntries(inherited) as Record<string, string>
}

/** Transparent: the name as the hosts file has it. Explicit: the proxy's own listener for it. */
function upstreamAddresses({ template, deps }: PlacedInstance, listening: ListeningEvent): ReadonlyMap<string, string> {
  if (deps.site.mode === 'explicit') {
    return new Map(listening.outbound.map(({ key, address }) => [key ?? '', address]))
  }
  const pairs = template.upstreams.map((reference) => {
    const { name, namespace, port } = reference
    return [formatNameKey(reference, port), `${name}.${namespace}:${port}`] as const
  })
  return new Map(pairs)
}
