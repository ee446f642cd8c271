import { systemClock } from '@heddle/base/clock'
import { createLog } from '@heddle/base/log'
import type { KubeClient, KubeObject } from '@heddle/kube/client'
import { createInformer } from '@heddle/kube/informer'
import { CONFIG_MAPS } from '@heddle/kube/resources'
import type { TestNamespace } from './test-namespace.ts'

export interface ConfigMap extends KubeObject {
  readonly data?: Readonly<Record<string, string>>
}

/** What is followed: it has one value. */
export function configMap({ name: namespace }: Pick<TestNamespace, 'name'>, name: string, value: string) {
  return { metadata: { namespace, name }, data: { value } }
}

/** Follows the values of the ConfigMaps of a namespace; each change is told as `NAME BEFORE > AFTER`. */
export function follow(of: KubeClient, namespace: string) {
  const told: string[] = []
  const ending = new AbortController()
  const informer = createInformer<string>({
    client: of,
    resource: CONFIG_MAPS,
    namespace,
    fieldSelector: 'metadata.name!=kube-root-ca.crt',
    trim: (object) => (object as ConfigMap).data?.value ?? '',
    clock: systemClock,
    log: createLog(() => {}, 'off'),
  })
  const short = (name: string) => name.slice(name.indexOf('/') + 1)
  const started = informer.start(
    {
      onUpserted: (name, value, before) => told.push(`${short(name)} ${before ?? '-'} > ${value}`),
      onRemoved: (name, before) => told.push(`${short(name)} ${before} > -`),
    },
    ending.signal,
  )
  return { told, informer, started, end: () => ending.abort() }
}
