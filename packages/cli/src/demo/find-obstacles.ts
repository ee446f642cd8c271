import type { Edge, StatRow, WorkloadInstance } from '@heddle/api/admin'

/** A workload of the demo and how many instances it has. */
export interface ExpectedWorkload {
  readonly namespace: string
  readonly name: string
  readonly replicas: number
  /** It has ports, so others call it; one without only calls others. */
  readonly isServer: boolean
}

/** What the control plane says about the mesh. */
export interface Observation {
  readonly instances: readonly WorkloadInstance[]
  readonly edges: readonly Edge[]
  /** Traffic received, by workload. */
  readonly received: readonly StatRow[]
  /** Requests and connections that a workload without ports got answered, by `NAMESPACE/NAME`. */
  readonly answersTo: ReadonlyMap<string, number>
}

/** What keeps a workload from being healthy, one sentence each; empty when every workload is secured and answered. */
export function findObstacles(expected: readonly ExpectedWorkload[], seen: Observation): readonly string[] {
  return expected.flatMap((workload) => [
    ...instanceObstacles(workload, seen),
    ...securityObstacles(workload, seen),
    ...trafficObstacles(workload, seen),
  ])
}

function instanceObstacles({ namespace, name, replicas }: ExpectedWorkload, seen: Observation): readonly string[] {
  const mine = seen.instances.filter((one) => one.namespace === namespace && one.workload === name && one.meshed)
  if (mine.length < replicas) return [`${name}: ${mine.length} of ${replicas} instances are in the mesh`]
  const uncertified = mine.filter((one) => one.serial === '')
  const unready = mine.filter((one) => !one.ready)
  return [
    ...uncertified.map((one) => `${one.instance}: has no certificate`),
    ...unready.map((one) => `${one.instance}: is not ready${one.reason === '' ? '' : `: ${one.reason}`}`),
  ]
}

function securityObstacles({ namespace, name }: ExpectedWorkload, { edges }: Observation): readonly string[] {
  const mine = edges.filter(
    (edge) =>
      (edge.srcNamespace === namespace && edge.src === name) || (edge.dstNamespace === namespace && edge.dst === name),
  )
  if (mine.length === 0) return [`${name}: no traffic between workloads was seen`]
  const plain = mine.filter((edge) => !edge.secured)
  return plain.map(
    (edge) => `${name}: traffic from ${edge.src || 'outside'} to ${edge.dst} is not secured: ${edge.reason}`,
  )
}

function trafficObstacles(workload: ExpectedWorkload, seen: Observation): readonly string[] {
  const { namespace, name, isServer } = workload
  if (!isServer) {
    const answers = seen.answersTo.get(`${namespace}/${name}`) ?? 0
    return answers > 0 ? [] : [`${name}: nothing that it asked for was answered`]
  }
  const row = seen.received.find((one) => one.namespace === namespace && one.name === name)
  const hasAnswered = (row?.requestsSuccess ?? 0n) > 0n || (row?.tcpConnections ?? 0) > 0
  return hasAnswered ? [] : [`${name}: answered no request and no connection`]
}
