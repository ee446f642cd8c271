import type { Namespace, ServiceAccount } from './mesh-object.ts'
import type { Service, ServicePort, ServiceSpec } from './service.ts'
import { type RawMeta, toMeta } from './to-meta.ts'
import type { EnvVar, Workload } from './workload.ts'

/** @param valid - a manifest that its schema holds good, defaults filled in */
export function toNamespace(valid: object): Namespace {
  const { metadata } = valid as { readonly metadata: RawMeta }
  return { apiVersion: 'v1', kind: 'Namespace', metadata: toMeta(metadata, '') }
}

/** @param valid - as of {@link toNamespace} */
export function toServiceAccount(valid: object): ServiceAccount {
  const { metadata } = valid as { readonly metadata: RawMeta }
  return { apiVersion: 'v1', kind: 'ServiceAccount', metadata: toMeta(metadata) }
}

type RawServicePort = Pick<ServicePort, 'port' | 'protocol'> & Partial<ServicePort>
type RawServiceSpec = Omit<ServiceSpec, 'ports' | 'clusterIPs' | 'internalTrafficPolicy'> & {
  readonly internalTrafficPolicy?: 'Cluster' | 'Local'
  readonly ports?: readonly RawServicePort[]
  readonly clusterIP?: string
  readonly clusterIPs?: readonly string[]
}

/** @param valid - as of {@link toNamespace}; a port without `targetPort` leads to the one of the same number */
export function toService(valid: object): Service {
  const { metadata, spec } = valid as { readonly metadata: RawMeta; readonly spec: RawServiceSpec }
  const { type, selector, ipFamilies, ipFamilyPolicy, externalName, publishNotReadyAddresses, trafficDistribution } =
    spec
  const clusterIPs = spec.clusterIPs ?? (spec.clusterIP === undefined ? [] : [spec.clusterIP])
  return {
    apiVersion: 'v1',
    kind: 'Service',
    metadata: toMeta(metadata),
    spec: {
      type,
      ports: (spec.ports ?? []).map(toServicePort),
      clusterIPs: clusterIPs.filter((address) => address !== ''),
      publishNotReadyAddresses,
      ...(selector !== undefined && Object.keys(selector).length > 0 && { selector }),
      ...(ipFamilies !== undefined && { ipFamilies }),
      ...(ipFamilyPolicy !== undefined && { ipFamilyPolicy }),
      ...(externalName !== undefined && externalName !== '' && { externalName }),
      ...(spec.internalTrafficPolicy === 'Local' && { internalTrafficPolicy: 'Local' }),
      ...(trafficDistribution !== undefined && { trafficDistribution }),
    },
  }
}

function toServicePort(raw: RawServicePort): ServicePort {
  const { name = '', port, protocol, appProtocol, targetPort = port } = raw
  return { name, port, protocol, targetPort, ...(appProtocol !== undefined && { appProtocol }) }
}

interface RawEnvVar {
  readonly name: string
  readonly value?: string
  readonly valueFrom?: {
    readonly serviceRef?: { readonly name: string; readonly namespace?: string; readonly port: number | string }
    readonly portRef?: { readonly name: string }
    readonly fieldRef?: { readonly fieldPath: NonNullable<NonNullable<EnvVar['valueFrom']>['fieldRef']>['fieldPath'] }
  }
}
type RawWorkloadSpec = Omit<Workload['spec'], 'ports' | 'args' | 'env'> & {
  readonly ports?: Workload['spec']['ports']
  readonly args?: readonly string[]
  readonly env?: readonly RawEnvVar[]
}

/** @param valid - as of {@link toNamespace}; references to Services get the Workload's own namespace where they name none */
export function toWorkload(valid: object): Workload {
  const { metadata: rawMetadata, spec } = valid as { readonly metadata: RawMeta; readonly spec: RawWorkloadSpec }
  const metadata = toMeta(rawMetadata)
  return {
    apiVersion: 'heddle.dev/v1alpha1',
    kind: 'Workload',
    metadata,
    spec: {
      ...spec,
      ports: spec.ports ?? [],
      args: spec.args ?? [],
      env: (spec.env ?? []).map((one) => toEnvVar(one, metadata.namespace)),
    },
  }
}

function toEnvVar(raw: RawEnvVar, namespace: string): EnvVar {
  const { name, value, valueFrom } = raw
  if (valueFrom === undefined) return { name, value: value ?? '' }
  const { serviceRef, ...rest } = valueFrom
  if (serviceRef === undefined) return { name, valueFrom: rest }
  return { name, valueFrom: { serviceRef: { namespace, ...serviceRef } } }
}
