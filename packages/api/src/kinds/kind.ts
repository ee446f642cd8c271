import { backendPolicySchema } from './backend-policy-schema.ts'
import { faultPolicySchema } from './fault-policy-schema.ts'
import { grpcRouteSchema } from './grpc-route-schema.ts'
import { httpRouteSchema } from './http-route-schema.ts'
import type { MeshObject } from './mesh-object.ts'
import { namespaceSchema, serviceAccountSchema } from './namespace-schema.ts'
import { referenceGrantSchema } from './reference-grant-schema.ts'
import type { Schema } from './schema.ts'
import { serviceSchema } from './service-schema.ts'
import { tcpRouteSchema, tlsRouteSchema } from './stream-route-schema.ts'
import { toNamespace, toService, toServiceAccount, toWorkload } from './to-core-object.ts'
import { toBackendPolicy, toFaultPolicy, toTrafficPolicy } from './to-policy.ts'
import { toGrpcRoute, toHttpRoute, toReferenceGrant, toTcpRoute, toTlsRoute } from './to-route.ts'
import { trafficPolicySchema } from './traffic-policy-schema.ts'
import { workloadSchema } from './workload-schema.ts'

/** A kind that the mesh acts on. */
export interface Kind {
  readonly apiVersion: string
  /** Versions that are read as if they were this one. */
  readonly olderVersions: readonly string[]
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

const GATEWAY = 'gateway.networking.k8s.io'
const HEDDLE = { apiVersion: 'heddle.dev/v1alpha1', olderVersions: [], scope: 'namespaced' } as const
const CORE = { apiVersion: 'v1', olderVersions: [] } as const
const ROUTE = { apiVersion: `${GATEWAY}/v1`, scope: 'namespaced' } as const

/** Every kind that the mesh acts on. */
export const KINDS: readonly Kind[] = [
  { ...CORE, kind: 'Namespace', scope: 'cluster', schema: namespaceSchema, toObject: toNamespace },
  { ...CORE, kind: 'Service', scope: 'namespaced', schema: serviceSchema, toObject: toService },
  { ...CORE, kind: 'ServiceAccount', scope: 'namespaced', schema: serviceAccountSchema, toObject: toServiceAccount },
  { ...HEDDLE, kind: 'Workload', schema: workloadSchema, toObject: toWorkload },
  {
    ...ROUTE,
    kind: 'HTTPRoute',
    olderVersions: [`${GATEWAY}/v1beta1`],
    schema: httpRouteSchema,
    toObject: toHttpRoute,
  },
  {
    ...ROUTE,
    kind: 'GRPCRoute',
    olderVersions: [`${GATEWAY}/v1alpha2`],
    schema: grpcRouteSchema,
    toObject: toGrpcRoute,
  },
  {
    ...ROUTE,
    kind: 'TLSRoute',
    olderVersions: [`${GATEWAY}/v1alpha3`, `${GATEWAY}/v1alpha2`],
    schema: tlsRouteSchema,
    toObject: toTlsRoute,
  },
  { ...ROUTE, kind: 'TCPRoute', olderVersions: [`${GATEWAY}/v1alpha2`], schema: tcpRouteSchema, toObject: toTcpRoute },
  {
    ...ROUTE,
    kind: 'ReferenceGrant',
    olderVersions: [`${GATEWAY}/v1beta1`],
    schema: referenceGrantSchema,
    toObject: toReferenceGrant,
  },
  { ...HEDDLE, kind: 'BackendPolicy', schema: backendPolicySchema, toObject: toBackendPolicy },
  { ...HEDDLE, kind: 'FaultPolicy', schema: faultPolicySchema, toObject: toFaultPolicy },
  { ...HEDDLE, kind: 'TrafficPolicy', schema: trafficPolicySchema, toObject: toTrafficPolicy },
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
  'gateway.networking.k8s.io/v1 Gateway',
  'gateway.networking.k8s.io/v1 GatewayClass',
  'gateway.networking.k8s.io/v1beta1 Gateway',
  'gateway.networking.k8s.io/v1beta1 GatewayClass',
  'policy/v1 PodDisruptionBudget',
  'rbac.authorization.k8s.io/v1 ClusterRole',
  'rbac.authorization.k8s.io/v1 ClusterRoleBinding',
  'rbac.authorization.k8s.io/v1 Role',
  'rbac.authorization.k8s.io/v1 RoleBinding',
])
