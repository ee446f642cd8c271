import { KINDS, type Kind } from '@heddle/api/kinds/table'
import type { Resource } from '@heddle/kube/client'
import { type KubeClient, KubeError } from '@heddle/kube/client'
import { resourceOf } from '@heddle/kube/resources'

/** A kind with the resource to follow it by. */
export interface ServedKind {
  readonly kind: Kind
  /** `undefined`: its CRD is not installed. */
  readonly resource: Resource | undefined
}

/** Kinds that come with CRDs, by group. */
const CUSTOM_KINDS = Map.groupBy(
  KINDS.filter(({ apiVersion }) => apiVersion.includes('/')),
  ({ apiVersion }) => apiVersion.split('/')[0]!,
)

/**
 * Which of the kinds that come with CRDs the cluster knows, and at which version: the newest that Heddle knows as well.
 *
 * @throws {Error} when the API server cannot be asked
 */
export async function findServed(client: Pick<KubeClient, 'request'>): Promise<ServedKind[]> {
  const found = await Promise.all([...CUSTOM_KINDS].map(([group, kinds]) => findInGroup(client, group, kinds)))
  return found.flat()
}

async function findInGroup(
  client: Pick<KubeClient, 'request'>,
  group: string,
  kinds: readonly Kind[],
): Promise<ServedKind[]> {
  const known = await ask<{ versions?: { version: string }[] }>(client, `/apis/${group}`)
  const wanted = new Set(kinds.flatMap(versionsOf))
  const versions = (known?.versions ?? []).map(({ version }) => `${group}/${version}`).filter((one) => wanted.has(one))
  const plurals = new Map<string, ReadonlySet<string>>()
  for (const version of versions) {
    const list = await ask<{ resources?: { name: string }[] }>(client, `/apis/${version}`)
    plurals.set(version, new Set((list?.resources ?? []).map(({ name }) => name)))
  }
  return kinds.map((kind) => ({ kind, resource: pickResource(kind, plurals) }))
}

function pickResource(kind: Kind, plurals: ReadonlyMap<string, ReadonlySet<string>>): Resource | undefined {
  for (const version of versionsOf(kind)) {
    const resource = resourceOf(version, kind.kind)
    if (resource !== undefined && plurals.get(version)?.has(resource.plural) === true) return resource
  }
  return undefined
}

function versionsOf({ apiVersion, olderVersions }: Kind): readonly string[] {
  return [apiVersion, ...olderVersions]
}

async function ask<T>(client: Pick<KubeClient, 'request'>, path: string): Promise<T | undefined> {
  try {
    return await client.request<T>({ method: 'GET', path })
  } catch (error) {
    if (error instanceof KubeError && error.status === 404) return undefined
    throw error
  }
}
