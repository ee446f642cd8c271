import { create } from '@bufbuild/protobuf'
import { type WorkloadInstance, WorkloadInstanceSchema } from '@heddle/api/admin'
import type { Certificate } from '@heddle/api/telemetry'
import { type Instance, instanceKey } from '../model/instance.ts'
import type { Model } from '../model/model.ts'
import type { Replicas } from '../replicas/replicas.ts'
import type { TelemetryStore } from '../telemetry/telemetry-store.ts'
import { identityOf } from '../translate/identity.ts'

export interface WorkloadDeps {
  readonly model: Model
  readonly store: TelemetryStore
  readonly replicas: Replicas
  readonly trustDomain: string
}

/** The instances of a namespace (empty: of all), with the certificate that each proxy says it uses. */
export async function listWorkloads(namespace: string, deps: WorkloadDeps): Promise<WorkloadInstance[]> {
  const certificates = await certificatesOf(deps)
  return deps.model.instances(namespace).map((instance) => workloadInstance(instance, certificates, deps.trustDomain))
}

interface SaidCertificate {
  readonly certificate: Certificate | undefined
  readonly lastReportMs: number
}

/** What each proxy said last, to whichever replica, by `NAMESPACE/INSTANCE`. */
async function certificatesOf({ store, replicas }: WorkloadDeps): Promise<ReadonlyMap<string, SaidCertificate>> {
  const said = new Map<string, SaidCertificate>()
  for (const { reporter, ...last } of store.reporters()) said.set(instanceKey(reporter), last)
  const { answers } = await replicas.ask((client, signal) => client.listReporters({}, { signal }))
  for (const { certificate, lastReportMs, ...ref } of answers.flatMap(({ reporters }) => reporters)) {
    const known = said.get(instanceKey(ref))
    if ((known?.lastReportMs ?? 0) >= Number(lastReportMs)) continue
    said.set(instanceKey(ref), { certificate, lastReportMs: Number(lastReportMs) })
  }
  return said
}

function workloadInstance(
  instance: Instance,
  certificates: ReadonlyMap<string, SaidCertificate>,
  trustDomain: string,
): WorkloadInstance {
  const { namespace, workload, meshed, state, reason, host = '' } = instance
  const certificate = meshed ? certificates.get(instanceKey(instance))?.certificate : undefined
  const ready = state === 'ready'
  return create(WorkloadInstanceSchema, {
    namespace,
    workload,
    instance: instance.instance,
    meshed,
    ready,
    reason: ready ? '' : reason || state,
    identity: identityOf(instance, trustDomain)?.spiffeId ?? '',
    serial: certificate?.serial ?? '',
    notBeforeMs: certificate?.notBeforeMs ?? 0n,
    notAfterMs: certificate?.notAfterMs ?? 0n,
    host,
  })
}
