import type { Socket } from 'node:net'

/**
 * The TCP socket that a TLS socket of a server was made of. Both runtimes keep it, and neither documents it, so a caller must
 * refuse the connection when it is missing.
 */
export function tlsParent(socket: Socket): Socket | undefined {
  return (socket as Socket & { readonly _parent?: Socket | null })._parent ?? undefined
}
