import { userInfo } from 'node:os'

/** Nothing is found there, and nothing can be made. Debian gives it to users without a home. */
const NO_HOME = '/nonexistent'

/**
 * The home directory of this user: HOME unless that is empty, else what the system knows. A user that it does not know, as containers
 * have them, has none, for which `homedir()` of `node:os` throws: that is a directory that is not there.
 */
export function findHome(env: Readonly<Record<string, string | undefined>>): string {
  const named = env.HOME ?? ''
  if (named !== '') return named
  try {
    return userInfo().homedir
  } catch {
    return NO_HOME
  }
}
