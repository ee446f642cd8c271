import type { Agent } from 'node:http'
import type { RequestOptions } from 'node:https'
import { ConfigError } from '@heddle/base/config-error'
import type { ChosenContext } from './file-access.ts'
import type { AccessWorld, ClusterAccess } from './kubeconfig.ts'
import { createUserSource, impersonationHeaders } from './user-source.ts'

/** What we leave to `@kubernetes/client-node`: kubectl's auth providers (OpenID Connect above all), and SOCKS proxies. */
export function needsLibrary({ user, proxyUrl }: ChosenContext): boolean {
  return user.authProvider !== undefined || proxyUrl?.startsWith('socks') === true
}

/**
 * Access by the library. It is loaded here and nowhere else: importing it costs a process 83 MB and a second, nearly all of it for
 * generated models that we have no use for.
 */
export async function libraryAccess(chosen: ChosenContext, world: AccessWorld): Promise<ClusterAccess> {
  const { KubeConfig } = await importLibrary()
  const { contextName, namespace, cluster, user } = chosen
  const config = new KubeConfig()
  config.loadFromOptions(toLibraryOptions(chosen))
  const own = createUserSource(chosen, world)
  const impersonation = impersonationHeaders(user.impersonation)
  return {
    server: cluster.server,
    contextName,
    namespace,
    async credentials() {
      const options: RequestOptions = {}
      await config.applyToHTTPSOptions(options)
      const agent = options.agent as Agent
      if (user.authProvider === undefined) return { headers: (await own.get()).headers, agent }
      return { headers: { ...(options.headers as Record<string, string>), ...impersonation }, agent }
    },
    forgetCredentials: own.forget,
    close() {},
  }
}

/** The control plane's image is without it. */
async function importLibrary() {
  try {
    return await import('@kubernetes/client-node')
  } catch (error) {
    const problem = 'an auth-provider or a SOCKS proxy needs @kubernetes/client-node, which is not installed here'
    throw new ConfigError([`${problem}: ${(error as Error).message}`], 'this kubeconfig cannot be used')
  }
}

/** Tokens of files and of credential plugins are read by our own code, which knows more of them. */
function toLibraryOptions({ contextName, cluster, user, proxyUrl }: ChosenContext) {
  const { skipTlsVerify: skipTLSVerify, ...rest } = cluster
  const { exec: _exec, ...known } = user
  return {
    currentContext: contextName,
    contexts: [{ name: contextName, cluster: 'cluster', user: user.name }],
    clusters: [{ name: 'cluster', skipTLSVerify, ...rest, ...(proxyUrl === undefined ? {} : { proxyUrl }) }],
    users: [known],
  }
}
