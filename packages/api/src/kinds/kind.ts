import type { MeshObject, Namespace, ServiceAccount } from './mesh-object.ts'
import { namespaceSchema, serviceAccountSchema } from './namespace-schema.ts'
import type { ObjectMeta } from './object-meta.ts'
import type { Schema } from './schema.ts'
import type { Service, ServicePort, ServiceSpec } from './service.ts'
import { serviceSchema } from './service-schema.ts'
import type { EnvVar, Workload } from './workload.ts'
import { workloadSchema } from './workload-schema.ts'

/** A kind that the mesh acts on. */
export interface Kind {
  readonly apiVersion: string
  readonly kind: MeshObject['kind']
  readonly scope: 'namespaced' | 'cluster'
  readonly schema: Schema
  /**
   * Makes the object of what a file holds.
   *
   * @param valid - conforms to `schema`, whose defaults are filled in
   */
  readonly toObject: (valid: object) => MeshObject
}

/** Every kind that the mesh acts on. */
export const KINDS: readonly Kind[] = [
  { apiVersion: 'v1', kind: 'Namespace', scope: 'cluster', schema: namespaceSchema, toObject: toNamespace },
  { apiVersion: 'v1', kind: 'Service', scope: 'namespaced', schema: serviceSchema, toObject: toService },
  {
    apiVersion: 'v1',
    kind: 'ServiceAccount',
    scope: 'namespaced',
    schema: serviceAccountSchema,
    toObject: toServiceAccount,
  },
  {
    apiVersion: 'heddle.dev/v1alpha1',
    kind: 'Workload',
    scope: 'namespaced',
    schema: workloadSchema,
    toObject: toWorkload,
  },
]

/** Kubernetes' kinds that may share a file with ours: they matter on a cluster only. */
export const CLUSTER_ONLY_KINDS: ReadonlySet<string> = new Set([
  'v1 ConfigMap',
  'v1 LimitRange',
  'v1 PersistentVolume',
  'v1 PersistentVolumeClaim',
  'v1 Pod',
  'v1 ResourceQuota',
  'v1 Secret',
  'apiextensions.k8s.io/v1 CustomResourceDefinition',
  'apps/v1 DaemonSet',
  'apps/v1 Deployment',
  'apps/v1 ReplicaSet',
  'apps/v1 StatefulSet',
  'autoscaling/v2 HorizontalPodAutoscaler',
  'batch/v1 CronJob',
  'batch/v1 Job',
  'policy/v1 PodDisruptionBudget',
  'rbac.authorization.k8s.io/v1 ClusterRole',
  'rbac.authorization.k8s.io/v1 ClusterRoleBinding',
  'rbac.authorization.k8s.io/v1 Role',
  'rbac.authorization.k8s.io/v1 RoleBinding',
])

interface RawMeta {
  readonly name: string
  readonly namespace?: string
  readonly labels?: Readonly<Record<string, string>>
  readonly annotations?: Readonly<Record<string, string>>
}

function toMeta(meta: RawMeta, fallbackNamespace = 'default'): ObjectMeta {
  const { name, namespace = fallbackNamespace, labels = {}, annotations = {} } = meta
  return { name, namespace, labels, annotations }
}

function toNamespace(valid: object): Namespace {
  const { metadata } = valid as { readonly metadata: RawMeta }
  return { apiVersion: 'v1', kind: 'Namespace', metadata: toMeta(metadata, '') }
}

function toServiceAccount(valid: object): ServiceAccount {
  const { metadata } = valid as { readonly metadata: RawMeta }
  return { apiVersion: 'v1', kind: 'ServiceAccount', metadata: toMeta(metadata) }
}

type RawServicePort = Pick<ServicePort, 'port' | 'protocol'> & Partial<ServicePort>
type RawServiceSpec = Omit<ServiceSpec, 'ports' | 'clusterIPs'> & {
  readonly ports?: readonly RawServicePort[]
  readonly clusterIP?: string
  readonly clusterIPs?: readonly string[]
}

function toService(valid: object): Service {
  const { metadata, spec } = valid as { readonly metadata: RawMeta; readonly spec: RawServiceSpec }
  const { type, selector, ipFamilies, ipFamilyPolicy, externalName, publishNotReadyAddresses } = spec
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

function toWorkload(valid: object): Workload {
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
