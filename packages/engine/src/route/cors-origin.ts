import type { CompileContext } from './field-match.ts'

/** Which origins a policy lets in. */
export interface Origins {
  readonly allowsAny: boolean
  /** With their port. */
  readonly exact: ReadonlySet<string>
  readonly patterns: readonly OriginPattern[]
}

/** An origin with one `*` within its host, taken apart there; with its port. */
export interface OriginPattern {
  readonly before: string
  readonly after: string
}

const ORIGIN = /^(?<scheme>[a-z][a-z0-9+.-]*):\/\/(?<host>\[[0-9a-f:.]+\]|[a-z0-9.*_-]+)(?::(?<port>[0-9]{1,5}))?$/i

/** Compiles `allowOrigins`: `*`, exact origins, and such with `*` in the host, which takes any number of labels. */
export function compileOrigins(origins: readonly string[], context: CompileContext): Origins {
  const exact = new Set<string>()
  const patterns: OriginPattern[] = []
  for (const origin of origins) {
    if (origin === '*') continue
    const normal = normalizeOrigin(origin)
    const [before = '', after, ...more] = (normal ?? '').split('*')
    if (normal === undefined || more.length > 0) {
      context.onProblem(`${JSON.stringify(origin)} cannot be an origin: write SCHEME://HOST or SCHEME://HOST:PORT`)
    } else if (after === undefined) {
      exact.add(before)
    } else {
      patterns.push({ before, after })
    }
  }
  return { allowsAny: origins.includes('*'), exact, patterns }
}

/**
 * Whether a request with that `origin` field is let in by its name. What is none is not, whatever is allowed: neither `null`, which any
 * page can have that puts itself into a frame, nor what no browser sends.
 */
export function isOriginAllowed(origins: Origins, origin: string | undefined): origin is string {
  const normal = origin === undefined || origin.includes('*') ? undefined : normalizeOrigin(origin)
  if (normal === undefined) return false
  return (
    origins.allowsAny ||
    origins.exact.has(normal) ||
    origins.patterns.some((pattern) => isPatternFitting(pattern, normal))
  )
}

function isPatternFitting({ before, after }: OriginPattern, origin: string): boolean {
  return origin.length > before.length + after.length && origin.startsWith(before) && origin.endsWith(after)
}

/** Lower case and with a port, so that equal origins are equal strings; `undefined` for what is none, such as `null`. */
function normalizeOrigin(origin: string): string | undefined {
  const { scheme, host, port } = ORIGIN.exec(origin)?.groups ?? {}
  if (scheme === undefined || host === undefined) return undefined
  return `${scheme}://${host}:${port ?? defaultPort(scheme)}`.toLowerCase()
}

function defaultPort(scheme: string): string {
  return scheme.toLowerCase() === 'https' ? '443' : '80'
}
