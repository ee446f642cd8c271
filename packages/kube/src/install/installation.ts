import type { KubeDraft, KubeMeta } from '../client/client.ts'
import { INSTALLATION_LABEL, PART_OF_HEDDLE } from './install-names.ts'
import type { InstallValues } from './install-values.ts'
import { INSTALL_VERSION } from './install-version.ts'

/** What every object of an installation is made from. */
export interface Installation {
  readonly namespace: string
  readonly values: InstallValues
}

/** Kind and fields of an object, without its metadata. */
export interface ObjectBody extends Readonly<Record<string, unknown>> {
  readonly apiVersion: string
  readonly kind: string
}

/** An object in the installation's namespace. */
export function ownObject(installation: Installation, name: string, body: ObjectBody): KubeDraft {
  return toObject({ name, namespace: installation.namespace, labels: ownLabels(installation) }, body)
}

/** An object that belongs to no namespace. */
export function clusterObject(installation: Installation, name: string, body: ObjectBody): KubeDraft {
  return toObject({ name, labels: ownLabels(installation) }, body)
}

/** An object of a body and its metadata, in the order in which people write them. */
export function toObject(metadata: KubeMeta, { apiVersion, kind, ...fields }: ObjectBody): KubeDraft {
  return { apiVersion, kind, metadata, ...fields }
}

/** Labels of every object: by them it is found again when it is to go. */
export function ownLabels({ namespace }: Pick<Installation, 'namespace'>): Readonly<Record<string, string>> {
  return {
    'app.kubernetes.io/name': 'heddle',
    ...PART_OF_HEDDLE,
    'app.kubernetes.io/version': INSTALL_VERSION,
    [INSTALLATION_LABEL]: namespace,
  }
}
