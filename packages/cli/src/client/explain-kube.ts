import { codeOf } from '@heddle/base/code-of'
import { ConfigError } from '@heddle/base/config-error'
import { messageOf } from '@heddle/base/message-of'
import { CliError } from '../cli-error.ts'
import type { Cluster } from './cluster.ts'

/** What of an error of the API server is looked at. */
interface KubeFailure {
  readonly status: number
  readonly message: string
}

/**
 * What the user is told of a failed call to the API server.
 *
 * @param deed - what was tried: "read ConfigMap heddle/heddle-trust-bundle"
 */
export function explainKube(error: unknown, deed: string, cluster: Pick<Cluster, 'contextName' | 'server'>): CliError {
  if (error instanceof CliError) return error
  const { contextName, server } = cluster
  const failure = toFailure(error)
  if (failure === undefined) {
    const cause = causeOf(error)
    if (isOfCredentials(cause)) {
      return new CliError(`no credentials for the cluster of context "${contextName}": ${messageOf(cause)}`, {
        hints: ['log in anew, or mend the user of this context in the kubeconfig; then try "kubectl auth whoami"'],
        cause: error,
      })
    }
    return new CliError(`cannot reach the cluster of context "${contextName}" at ${server}: ${messageOf(cause)}`, {
      hints: ['is the cluster up, and may this host reach it? Another one is chosen with --context NAME'],
      cause: error,
    })
  }
  switch (failure.status) {
    case 401:
      return new CliError(`the cluster of context "${contextName}" does not accept its credentials any more`, {
        hints: ['they have expired, or are wrong: log in anew, then try "kubectl auth whoami"'],
        cause: error,
      })
    case 403:
      return new CliError(`may not ${deed}: ${failure.message}`, {
        hints: ["ask the cluster's administrator for the right; docs/tasks/install.md#who-may-look says which"],
        cause: error,
      })
    default:
      return new CliError(`cannot ${deed}: ${failure.message}`, { cause: error })
  }
}

/** Whether the API server has answered so. */
export function isKubeStatus(error: unknown, status: number): boolean {
  return toFailure(error)?.status === status
}

/** `undefined`: it did not answer at all. */
function toFailure(error: unknown): KubeFailure | undefined {
  if (!(error instanceof Error) || !('status' in error)) return undefined
  // A status below 100 is none: the client's word for a broken connection.
  return typeof error.status === 'number' && error.status >= 100
    ? { status: error.status, message: error.message }
    : undefined
}

/** The innermost reason: what wraps it says less. */
function causeOf(error: unknown): unknown {
  return error instanceof Error && error.cause !== undefined ? causeOf(error.cause) : error
}

/** A token, certificate or credential plugin that cannot be had, or a certificate that OpenSSL cannot read. */
function isOfCredentials(cause: unknown): boolean {
  return cause instanceof ConfigError || (codeOf(cause)?.startsWith('ERR_OSSL_') ?? false)
}
