/** The processes of the node, as `/proc` of its process namespace tells them. */
export interface ProcessTable {
  /** Ids of all processes. */
  list(): readonly string[]
  /** Text of `/proc/ID/cgroup`; `undefined` when the process is gone. */
  cgroupOf(id: string): string | undefined
  /** What `/proc/ID/ns/net` names; `undefined` when the process is gone. */
  networkOf(id: string): string | undefined
}

/** Of the node itself: a container in its network is none of ours. */
const NODE_PROCESS = '1'

/**
 * A process of a container, in a network of its own.
 *
 * @param containerId - as the runtime calls it, which every runtime puts into the name of the container's control group
 */
export function findProcess(containerId: string, table: ProcessTable): string | undefined {
  const ofNode = table.networkOf(NODE_PROCESS)
  return table.list().find((id) => {
    if (table.cgroupOf(id)?.includes(containerId) !== true) return false
    const network = table.networkOf(id)
    return network !== undefined && network !== ofNode
  })
}
