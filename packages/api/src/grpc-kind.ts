const GRPC = 'application/grpc'
const GRPC_WEB = 'application/grpc-web'

/**
 * Which protocol of calls a request speaks; `undefined`: it is no call. Calls are POST.
 * https://github.com/grpc/grpc/blob/master/doc/PROTOCOL-HTTP2.md
 */
export function grpcKindOf(method: string, contentType: string | undefined): 'grpc' | 'grpc-web' | undefined {
  if (method !== 'POST' || contentType === undefined || !contentType.startsWith(GRPC)) return undefined
  if (isOf(contentType, GRPC)) return 'grpc'
  return isOf(contentType, GRPC_WEB) || isOf(contentType, `${GRPC_WEB}-text`) ? 'grpc-web' : undefined
}

/** The type itself, or with a message format or parameters: `application/grpc+proto`, `application/grpc;a=b`. */
function isOf(contentType: string, type: string): boolean {
  if (!contentType.startsWith(type)) return false
  const next = contentType[type.length]
  return next === undefined || next === '+' || next === ';'
}
