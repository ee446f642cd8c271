import { create } from '@bufbuild/protobuf'
import { type WorkloadInstance, WorkloadInstanceSchema } from '@heddle/api/admin'
import { formatSpiffeId } from '@heddle/identity/spiffe-id'
import type { Instance } from '../model/instance.ts'
import type { Model } from '../model/model.ts'
import type { TelemetryStore } from '../telemetry/telemetry-store.ts'

export interface WorkloadDeps {
  readonly model: Model
  readonly store: TelemetryStore
  readonly trustDomain: string
}

/** The instances of a namespace (empty: of all), with the certificate that each proxy says it uses. */
export function listWorkloads(namespace: string, deps: WorkloadDeps): WorkloadInstance[] {
  return deps.model.instances(namespace).map((instance) => workloadInstance(instance, deps))
}

function workloadInstance(instance: Instance, { store, trustDomain }: WorkloadDeps): WorkloadInstance {
  const { namespace, workload, serviceAccount, meshed, state, reason } = instance
  const certificate = meshed ? store.reporter(namespace, instance.instance)?.certificate : undefined
  const ready = state === 'ready'
  return create(WorkloadInstanceSchema, {
    namespace,
    workload,
    instance: instance.instance,
    meshed,
    ready,
    reason: ready ? '' : reason || state,
    identity: meshed ? formatSpiffeId({ trustDomain, namespace, serviceAccount }) : '',
    serial: certificate?.serial ?? '',
    notBeforeMs: certificate?.notBeforeMs ?? 0n,
    notAfterMs: certificate?.notAfterMs ?? 0n,
  })
}
