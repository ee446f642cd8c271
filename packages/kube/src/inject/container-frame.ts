import { dirname } from 'node:path/posix'
import type { InjectValues } from './inject-values.ts'
import { IDENTITY_VOLUME, TOKEN_FILE } from './names.ts'
import type { Container } from './pod.ts'
import type { InjectSettings } from './settings.ts'

/** Where an API server mounts a token for its own API into every container that has nothing there. */
const API_TOKEN_FOLDER = '/var/run/secrets/kubernetes.io/serviceaccount'

/** Where a container has a volume. */
interface VolumeMount {
  readonly name: string
  readonly mountPath: string
  readonly readOnly?: boolean
}

interface Frame extends Omit<Container, 'name'> {
  readonly volumeMounts: readonly VolumeMount[]
}

/** What all containers of ours have alike. */
export function containerFrame(settings: InjectSettings, values: InjectValues): Frame {
  return {
    image: settings.proxyImage || values.proxyImage,
    imagePullPolicy: settings.proxyImagePullPolicy,
    ...resourcesOf(settings),
    terminationMessagePolicy: 'FallbackToLogsOnError',
    volumeMounts: [
      { name: IDENTITY_VOLUME, mountPath: dirname(TOKEN_FILE), readOnly: true },
      // No container of ours talks to the API server, so none gets a token that would let it.
      { name: IDENTITY_VOLUME, mountPath: API_TOKEN_FOLDER, readOnly: true },
    ],
  }
}

/** The init container has those of the proxy: so the pod as a whole needs no more, and quotas find what they ask for. */
function resourcesOf(settings: InjectSettings): Readonly<Record<string, unknown>> {
  const requests = {
    cpu: settings.proxyCpuRequest,
    memory: settings.proxyMemoryRequest,
    'ephemeral-storage': settings.proxyEphemeralStorageRequest,
  }
  const limits = {
    cpu: settings.proxyCpuLimit,
    memory: settings.proxyMemoryLimit,
    'ephemeral-storage': settings.proxyEphemeralStorageLimit,
  }
  const resources = { ...said('requests', requests), ...said('limits', limits) }
  return Object.keys(resources).length === 0 ? {} : { resources }
}

function said(name: string, amounts: Readonly<Record<string, string>>): Readonly<Record<string, unknown>> {
  const given = Object.entries(amounts).filter(([, amount]) => amount !== '')
  return given.length === 0 ? {} : { [name]: Object.fromEntries(given) }
}
