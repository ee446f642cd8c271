import { isIPv6 } from 'node:net'
import { join } from 'node:path'
import { ConfigError } from '@heddle/base/config-error'
import { CredentialedAccess } from './credentialed-access.ts'
import { FileText } from './file-text.ts'
import type { AccessWorld, ClusterAccess } from './kubeconfig.ts'

/** Whether the kubelet told this process where the API server is. */
export function runsInPod(env: AccessWorld['env']): boolean {
  return (env.KUBERNETES_SERVICE_HOST ?? '') !== '' && (env.KUBERNETES_SERVICE_PORT ?? '') !== ''
}

/** The access that a pod's service account has. */
export async function podAccess({ env, clock, podDirectory }: AccessWorld): Promise<ClusterAccess> {
  if (!runsInPod(env)) {
    throw new ConfigError(['KUBERNETES_SERVICE_HOST and KUBERNETES_SERVICE_PORT are not set'], 'not in a cluster')
  }
  const file = (name: string) => new FileText(join(podDirectory, name), clock)
  const token = file('token')
  const ca = file('ca.crt')
  // Read once already now, so that a pod without a service account says so at its start.
  await token.read()
  const namespace = await file('namespace').read()
  const host = env.KUBERNETES_SERVICE_HOST!
  return new CredentialedAccess({
    server: `https://${isIPv6(host) ? `[${host}]` : host}:${env.KUBERNETES_SERVICE_PORT}`,
    contextName: 'in-cluster',
    namespace: namespace.trim() || 'default',
    tls: async () => ({ ca: await ca.read() }),
    user: {
      get: async () => ({ headers: { Authorization: `Bearer ${(await token.read()).trim()}` } }),
      forget() {
        token.forget()
        ca.forget()
      },
    },
  })
}
