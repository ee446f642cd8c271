import type { Agent } from 'node:http'

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
  /** Asked for each request, so that tokens and certificates which are renewed are taken up. */
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

/** The access of a pod: the service account's token, read anew as it is rotated. */
export declare function inClusterAccess(): Promise<ClusterAccess>

/**
 * The access that a user's kubeconfig gives.
 *
 * @throws {ConfigError} where a file, the context, its cluster or its user is missing or wrong
 */
export declare function loadClusterAccess(options: AccessOptions): Promise<ClusterAccess>
