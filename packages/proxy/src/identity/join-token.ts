import { readFile } from 'node:fs/promises'
import { messageOf } from '@heddle/base/message-of'
import { ControlError } from '../control/control-error.ts'

/** There is no join token to be shown. */
export class JoinTokenError extends Error {
  override readonly name = 'JoinTokenError'
}

/**
 * Reads the join token; each time anew, since whoever started the proxy may have put another one there.
 *
 * @param file - `undefined`: none was named
 * @throws {JoinTokenError} when there is none
 */
export async function readJoinToken(file: string | undefined): Promise<string> {
  if (file === undefined) throw new JoinTokenError('no join token: HEDDLE_JOIN_TOKEN_FILE is not set')
  try {
    return (await readFile(file, 'utf8')).trim()
  } catch (error) {
    const reason = messageOf(error)
    const isMissing = error instanceof Error && 'code' in error && error.code === 'ENOENT'
    throw new JoinTokenError(isMissing ? 'there is no join token' : `the join token cannot be read: ${reason}`)
  }
}

/**
 * Whether a certificate that was asked for by a join token was not to be had because of that token: waiting does not help
 * then, only another token does.
 */
export function isTokenAtFault(error: unknown): boolean {
  if (error instanceof JoinTokenError) return true
  return error instanceof ControlError && (error.code === 'unauthenticated' || error.code === 'permission_denied')
}
