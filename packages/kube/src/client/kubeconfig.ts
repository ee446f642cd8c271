import type { Agent } from 'node:http'
import { type Clock, systemClock } from '@heddle/base/clock'
import { kubeconfigFiles } from './kubeconfig-files.ts'
import { podAccess, runsInPod } from './pod-access.ts'

/** What a request carries to be let in, and the connections it may use. */
export interface Credentials {
  /** `Authorization`, `Impersonate-User`, `Impersonate-Group`. */
  readonly headers: Readonly<Record<string, string | readonly string[]>>
  /** Keeps connections; knows the CA, the client's certificate, the server's name and a proxy. */
  readonly agent: Agent
}

/** How one cluster's API server is reached, and as whom. */
export interface ClusterAccess {
  /** `https://HOST:PORT`, maybe with a path; without a slash at its end. */
  readonly server: string
  /** The kubeconfig's context, or `in-cluster`. */
  readonly contextName: string
  /** The context's namespace, or that of the pod; `default` where there is none. */
  readonly namespace: string
  /**
   * Asked for each request, so that tokens and certificates which are renewed are taken up.
   *
   * @throws {ConfigError} where a token, a certificate or a credential plugin's answer cannot be had
   */
  credentials(): Promise<Credentials>
  /** To be told when the API server answered 401: what is cached of the credentials is forgotten. */
  forgetCredentials(): void
  /** Closes idle connections. */
  close(): void
}

/** Which cluster, and as whom. */
export interface AccessOptions {
  /** A file in place of those that `KUBECONFIG` or the default name. */
  readonly kubeconfig?: string
  /** In place of the kubeconfig's `current-context`. */
  readonly context?: string
  /** Impersonation: acts as this user where RBAC allows it. */
  readonly asUser?: string
  readonly asGroups?: readonly string[]
}

/** Where access is looked for, and by which time; a test's in place of the process'. */
export interface AccessWorld {
  readonly env: Readonly<Record<string, string | undefined>>
  readonly clock: Clock
  /** Where the service account is mounted. */
  readonly podDirectory: string
}

/** The machine's. */
const WORLD: AccessWorld = {
  env: process.env,
  clock: systemClock,
  podDirectory: '/var/run/secrets/kubernetes.io/serviceaccount',
}

/**
 * The access of a pod: the service account's token and the CA, both read anew as they are rotated. Proxies that the environment
 * names are not used: the API server is in the cluster.
 *
 * @throws {ConfigError} outside of a pod
 */
export async function inClusterAccess(world: Partial<AccessWorld> = {}): Promise<ClusterAccess> {
  return podAccess({ ...WORLD, ...world })
}

/**
 * The access that a user's kubeconfig gives, resolved as kubectl does it:
 *
 * 1. the file of `options.kubeconfig` alone;
 * 2. else the files of `KUBECONFIG`, joined: of entries with the same name the first counts, and the first `current-context`; those
 *    that do not exist are passed over;
 * 3. else `~/.kube/config`;
 * 4. else, inside a pod, its service account ({@link inClusterAccess}).
 *
 * Then the context: `options.context`, else `current-context`. A user's entry may have a token, a token's file, a client certificate,
 * name and password, a credential plugin (`exec`) or an `auth-provider`; relative paths are relative to their file. `proxy-url` is
 * honoured, else `HTTPS_PROXY` and `NO_PROXY`.
 *
 * @throws {ConfigError} where a file, the context, its cluster or its user is missing or wrong
 */
export async function loadClusterAccess(
  options: AccessOptions = {},
  world: Partial<AccessWorld> = {},
): Promise<ClusterAccess> {
  const whole = { ...WORLD, ...world }
  const files = kubeconfigFiles(options.kubeconfig, whole.env)
  if (files.length === 0 && options.context === undefined && runsInPod(whole.env)) return podAccess(whole)
  // Only who reads a kubeconfig pays for a YAML parser.
  const { fileAccess } = await import('./file-access.ts')
  return fileAccess(files, options, whole)
}
