import type { ListOptions, ObjectName, Resource } from './client.ts'

/** The path of a resource's objects: of one namespace, or of all where none is given. */
export function collectionPath(resource: Resource, namespace?: string): string {
  const { group, version, plural, namespaced } = resource
  const root = group === '' ? `/api/${version}` : `/apis/${group}/${version}`
  if (!namespaced || namespace === undefined) return `${root}/${plural}`
  return `${root}/namespaces/${toStep(namespace)}/${plural}`
}

/** @throws {TypeError} for what a URL takes for a folder, and would make it the path of something else */
function toStep(name: string): string {
  if (name === '.' || name === '..') throw new TypeError(`"${name}" is no name`)
  return encodeURIComponent(name)
}

/**
 * The path of one object, or of a part of it.
 *
 * @throws {TypeError} where the resource is namespaced and the name is not
 */
export function objectPath({ resource, namespace, name }: ObjectName, subresource?: string): string {
  if (resource.namespaced && (namespace === undefined || namespace === '')) {
    throw new TypeError(`${resource.kind} ${name} needs a namespace`)
  }
  // An empty name would make it the path of all objects, and a deletion one of all.
  if (name === '') throw new TypeError(`a ${resource.kind} needs a name`)
  const path = `${collectionPath(resource, namespace)}/${toStep(name)}`
  return subresource === undefined ? path : `${path}/${subresource}`
}

/** The query that selects among a resource's objects. */
export function selectionQuery(options: Pick<ListOptions, 'labelSelector' | 'fieldSelector'>): Record<string, string> {
  const { labelSelector, fieldSelector } = options
  return {
    ...(labelSelector === undefined ? {} : { labelSelector }),
    ...(fieldSelector === undefined ? {} : { fieldSelector }),
  }
}
