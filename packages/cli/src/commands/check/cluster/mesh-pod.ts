import { PROXY_CONTAINER, STATUS_ANNOTATION } from '@heddle/kube/inject/names'
import type { PodObject } from '../../../client/control-pod.ts'
import type { ServiceFact } from './cluster-facts.ts'

/** Annotations of an object, none where it has none. */
export function annotationsOf({ metadata }: PodObject | ServiceFact): Readonly<Record<string, string>> {
  return metadata.annotations ?? {}
}

/** Whether injection has put a proxy into the pod. */
export function hasProxy(pod: PodObject): boolean {
  const { initContainers = [], containers = [] } = pod.spec ?? {}
  return (
    annotationsOf(pod)[STATUS_ANNOTATION] !== undefined &&
    [...initContainers, ...containers].some(({ name }) => name === PROXY_CONTAINER)
  )
}

/** Pods that came to their end, as those of Jobs, serve no more. */
export function isRunning({ status, metadata }: PodObject): boolean {
  return metadata.deletionTimestamp === undefined && status?.phase !== 'Succeeded' && status?.phase !== 'Failed'
}

/** `NAMESPACE/NAME` */
export function placeOf({ metadata }: PodObject | ServiceFact): string {
  return `${metadata.namespace}/${metadata.name}`
}
