import { readFile } from 'node:fs/promises'
import { ConfigError } from '@heddle/base/config-error'
import { CredentialedAccess, type TlsMaterial } from './credentialed-access.ts'
import { FileText } from './file-text.ts'
import type { AccessOptions, AccessWorld, ClusterAccess } from './kubeconfig.ts'
import {
  type ClusterEntry,
  joinKubeconfigs,
  type Kubeconfig,
  parseKubeconfig,
  type UserEntry,
} from './kubeconfig-entries.ts'
import { libraryAccess, needsLibrary } from './library-access.ts'
import { proxyFor } from './proxy-for.ts'
import { createUserSource } from './user-source.ts'

/** The access that these files give. */
export async function fileAccess(
  files: readonly string[],
  options: AccessOptions,
  world: AccessWorld,
): Promise<ClusterAccess> {
  if (files.length === 0) throw new ConfigError([NO_FILE], 'no cluster is configured')
  const config = joinKubeconfigs(await Promise.all(files.map(readKubeconfig)))
  const chosen = choose(config, options, world.env)
  if (needsLibrary(chosen)) return libraryAccess(chosen, world)
  const { cluster, contextName, namespace, proxyUrl } = chosen
  return new CredentialedAccess({
    server: cluster.server,
    contextName,
    namespace,
    tls: createTlsSource(cluster, world),
    user: createUserSource(chosen, world),
    ...(proxyUrl === undefined ? {} : { proxyUrl }),
  })
}

const NO_FILE = 'there is no kubeconfig: neither KUBECONFIG nor ~/.kube/config names a file that exists'

/** A context with all that it refers to. */
export interface ChosenContext {
  readonly contextName: string
  readonly namespace: string
  readonly cluster: ClusterEntry
  readonly user: UserEntry
  /** The cluster's, else the environment's. */
  readonly proxyUrl?: string
}

async function readKubeconfig(path: string): Promise<Kubeconfig> {
  let text: string
  try {
    text = await readFile(path, 'utf8')
  } catch (error) {
    throw new ConfigError([`${path}: ${(error as Error).message}`], 'the kubeconfig cannot be read')
  }
  return parseKubeconfig(text, path)
}

function choose(config: Kubeconfig, options: AccessOptions, env: AccessWorld['env']): ChosenContext {
  const contextName = options.context ?? config.currentContext
  const context = config.contexts.get(contextName)
  if (context === undefined) throw noContext(contextName, config)
  const cluster = config.clusters.get(context.cluster)
  const user = context.user === '' ? NOBODY : config.users.get(context.user)
  const problems = [
    ...problemsOfCluster(cluster, context.cluster).map((problem) => `context ${contextName}: ${problem}`),
    ...problemsOfUser(user, context.user).map((problem) => `context ${contextName}: ${problem}`),
    ...(options.asUser === undefined && options.asGroups !== undefined ? ['groups need a user to act as'] : []),
  ]
  if (cluster === undefined || user === undefined || problems.length > 0) throw new ConfigError(problems)
  const proxyUrl = cluster.proxyUrl ?? proxyFor(cluster.server, env)
  return {
    contextName,
    namespace: context.namespace ?? 'default',
    cluster,
    user: acting(user, options),
    ...(proxyUrl === undefined ? {} : { proxyUrl }),
  }
}

function problemsOfCluster(cluster: ClusterEntry | undefined, name: string): readonly string[] {
  if (cluster === undefined) return [`there is no cluster ${name}`]
  const isUsable = /^https?:\/\//.test(cluster.server) && URL.canParse(cluster.server)
  return isUsable ? [] : [`cluster ${name} has no server that is a URL`]
}

function problemsOfUser(user: UserEntry | undefined, name: string): readonly string[] {
  if (user === undefined) return [`there is no user ${name}`]
  return user.exec?.command === '' ? [`the credential plugin of user ${name} has no command`] : []
}

const NOBODY: UserEntry = { name: '', impersonation: { groups: [], extra: {} } }

function noContext(name: string, { contexts }: Kubeconfig): ConfigError {
  const known = [...contexts.keys()].sort().join(', ')
  const problem = name === '' ? 'no current-context is set; choose one by --context' : `there is no context ${name}`
  return new ConfigError([known === '' ? problem : `${problem}; there are: ${known}`], 'no cluster is chosen')
}

/** Flags take the place of all that the entry says about impersonation. */
function acting(user: UserEntry, { asUser, asGroups = [] }: AccessOptions): UserEntry {
  return asUser === undefined ? user : { ...user, impersonation: { user: asUser, groups: asGroups, extra: {} } }
}

function createTlsSource(cluster: ClusterEntry, { clock }: AccessWorld): () => Promise<TlsMaterial> {
  const { caData, caFile, tlsServerName, skipTlsVerify } = cluster
  const file = caData === undefined && caFile !== undefined ? new FileText(caFile, clock) : undefined
  const data = caData === undefined ? undefined : Buffer.from(caData, 'base64').toString()
  return async () => {
    const ca = data ?? (await file?.read())
    return {
      isVerified: !skipTlsVerify,
      ...(ca === undefined ? {} : { ca }),
      ...(tlsServerName === undefined ? {} : { servername: tlsServerName }),
    }
  }
}
