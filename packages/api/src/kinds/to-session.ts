import type { SessionPersistence } from './session-persistence.ts'

type Lifetime = SessionPersistence['cookieConfig']

/** As a file has it, in either spelling. */
export interface RawSession extends Pick<SessionPersistence, 'type' | 'absoluteTimeout' | 'idleTimeout'> {
  readonly sessionName?: string
  readonly cookieConfig?: Lifetime
  readonly cookie?: Lifetime & { readonly name?: string }
  readonly header?: { readonly name: string }
}

/** @param key - what the rule is known by, of which a name is made where the file gives none */
export function toSession(raw: RawSession, key: string): SessionPersistence {
  const { type, absoluteTimeout, idleTimeout, sessionName, cookieConfig, cookie, header } = raw
  return {
    sessionName: sessionName || cookie?.name || header?.name || `heddle-session-${hashText(key)}`,
    type,
    ...(absoluteTimeout !== undefined && { absoluteTimeout }),
    ...(idleTimeout !== undefined && { idleTimeout }),
    cookieConfig: { lifetimeType: (cookieConfig ?? cookie)?.lifetimeType ?? 'Session' },
  }
}

/** FNV-1a: names of namespaces and routes are nothing for the browsers of strangers. */
function hashText(text: string): string {
  let hash = 0x811c_9dc5
  for (let i = 0; i < text.length; i++) hash = Math.imul(hash ^ text.charCodeAt(i), 0x0100_0193)
  return (hash >>> 0).toString(16).padStart(8, '0')
}
