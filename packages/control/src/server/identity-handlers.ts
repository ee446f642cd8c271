import { Code, ConnectError, type HandlerContext, type ServiceImpl } from '@connectrpc/connect'
import type { IdentityService as IdentityApi } from '@heddle/api/identity'
import type { IdentityService } from '../ca/identity-service.ts'
import type { SignRefusalCode } from '../ca/sign-refusal.ts'
import { peerKey, sourceKey } from './gate.ts'

const CODES: Readonly<Record<SignRefusalCode, Code>> = {
  invalid_argument: Code.InvalidArgument,
  unauthenticated: Code.Unauthenticated,
  permission_denied: Code.PermissionDenied,
  resource_exhausted: Code.ResourceExhausted,
  unavailable: Code.Unavailable,
}

/** Puts the identity service behind Connect. */
export function identityHandlers(service: IdentityService): ServiceImpl<typeof IdentityApi> {
  return {
    async sign(request, context: HandlerContext) {
      const peer = context.values.get(peerKey)
      const spiffeId = peer.kind === 'verified' ? peer.spiffeId : undefined
      const answer = await service.sign(request, { spiffeId, source: context.values.get(sourceKey) })
      if (answer.kind === 'refused') throw new ConnectError(answer.message, CODES[answer.code])
      const { certificateChainPem, trustBundlePem, notBeforeMs, notAfterMs } = answer
      return { certificateChainPem, trustBundlePem, notBeforeMs, notAfterMs }
    },
  }
}
