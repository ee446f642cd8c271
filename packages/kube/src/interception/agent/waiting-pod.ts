import type { KubeObject } from '../../client/client.ts'
import { VALIDATE_CONTAINER } from '../../inject/names.ts'
import { parseInitCommand } from '../init-command.ts'
import type { SkipRules } from '../redirect-rules.ts'

/** A pod whose init container waits for redirection. */
export interface WaitingPod {
  /** `NAMESPACE/NAME` */
  readonly name: string
  /** Of the container that waits, without the runtime's name. */
  readonly containerId: string
  readonly proxyUid: number
  readonly skip: SkipRules
}

interface PodObject extends KubeObject {
  readonly spec?: {
    readonly hostNetwork?: boolean
    readonly initContainers?: readonly { readonly name: string; readonly command?: readonly string[] }[]
  }
  readonly status?: { readonly initContainerStatuses?: readonly ContainerStatus[] }
}

interface ContainerStatus {
  readonly name: string
  readonly containerID?: string
  readonly state?: { readonly running?: object }
}

/**
 * What there is to be done for a pod; `undefined`: nothing now. What its author wrote is parsed, never passed on.
 *
 * @throws {ConfigError} when the pod's own words cannot be read
 */
export function toWaitingPod(object: KubeObject): WaitingPod | undefined {
  const { metadata, spec = {}, status = {} } = object as PodObject
  const container = spec.initContainers?.find(({ name }) => name === VALIDATE_CONTAINER)
  const state = status.initContainerStatuses?.find(({ name }) => name === VALIDATE_CONTAINER)
  // A pod on the node's own network has nothing of its own to be redirected.
  if (container === undefined || spec.hostNetwork === true || state?.state?.running === undefined) return undefined
  const containerId = /^[a-z0-9-]+:\/\/([0-9a-f]{16,128})$/.exec(state.containerID ?? '')?.[1]
  if (containerId === undefined) return undefined
  const command = container.command ?? []
  const parsed = parseInitCommand(['redirect', ...command.slice(command.indexOf('check') + 1)])
  if (parsed.kind !== 'redirect') return undefined
  const { proxyUid, skip } = parsed
  return { name: `${metadata.namespace ?? ''}/${metadata.name}`, containerId, proxyUid, skip }
}
