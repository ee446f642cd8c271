import { readFile } from 'node:fs/promises'
import { messageOf } from '@heddle/base/message-of'
import { readJoinToken } from './join-token.ts'

/** What proves a workload to the control plane, beside the certificate of its connection; what is empty proves nothing. */
export interface SignProof {
  readonly joinToken: string
  readonly serviceAccountToken: string
}

/** Where proofs are. */
export interface ProofFiles {
  readonly joinTokenFile: string | undefined
  readonly serviceAccountTokenFile: string | undefined
}

/** The token of the service account cannot be read; the kubelet may not have written it yet. */
class ServiceAccountTokenError extends Error {
  override readonly name = 'ServiceAccountTokenError'
}

/** Beside a valid certificate a join token proves nothing, and a single-use one is used up anyway. */
const CERTIFICATE_ALONE: SignProof = { joinToken: '', serviceAccountToken: '' }

/**
 * Reads what to prove the workload by in one request. A token of the service account is read anew each time, since the
 * kubelet replaces it, and goes along with each request: so a pod that was deleted gets no further certificate.
 *
 * @throws {JoinTokenError | ServiceAccountTokenError}
 */
export async function readProof(
  files: ProofFiles,
  { hasCertificate }: { hasCertificate: boolean },
): Promise<SignProof> {
  const { joinTokenFile, serviceAccountTokenFile } = files
  if (serviceAccountTokenFile !== undefined) {
    return { joinToken: '', serviceAccountToken: await readServiceAccountToken(serviceAccountTokenFile) }
  }
  if (hasCertificate) return CERTIFICATE_ALONE
  return { joinToken: await readJoinToken(joinTokenFile), serviceAccountToken: '' }
}

async function readServiceAccountToken(file: string): Promise<string> {
  const text = await readFile(file, 'utf8').catch((error: unknown) => {
    const reason = messageOf(error)
    throw new ServiceAccountTokenError(`the token of the service account cannot be read: ${reason}`)
  })
  const token = text.trim()
  if (token === '') throw new ServiceAccountTokenError(`the token of the service account is empty: ${file}`)
  return token
}
