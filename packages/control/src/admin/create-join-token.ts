import type { MessageInitShape } from '@bufbuild/protobuf'
import { Code, ConnectError } from '@connectrpc/connect'
import type { CreateJoinTokenRequest, CreateJoinTokenResponseSchema } from '@heddle/api/admin'
import type { CertificateAuthority } from '../ca/certificate-authority.ts'
import { type JoinTokenBook, JoinTokenError } from '../ca/join-tokens.ts'

interface JoinTokenDeps {
  readonly ca: Pick<CertificateAuthority, 'trustBundlePem'>
  readonly tokens: JoinTokenBook
}

/** Makes a join token. @throws {ConnectError} invalidArgument: there can be none of that kind, or there are too many */
export async function createJoinToken(
  { namespace, serviceAccount, ttlMs, reusable }: CreateJoinTokenRequest,
  { ca, tokens }: JoinTokenDeps,
): Promise<MessageInitShape<typeof CreateJoinTokenResponseSchema>> {
  try {
    const { token, expiresMs } = await tokens.create({ namespace, serviceAccount, ttlMs, reusable })
    return { token, expiresMs: BigInt(expiresMs), trustBundlePem: ca.trustBundlePem }
  } catch (error) {
    if (error instanceof JoinTokenError) throw new ConnectError(error.message, Code.InvalidArgument)
    throw error
  }
}
