import { normalizePath } from './normal-path.ts'

/**
 * What routing looks at. The proxy's `RequestHead` is one as it stands; a recorded or a hypothetical request becomes one by
 * {@link createRequestFacts}.
 */
export interface RequestFacts {
  readonly method: string
  /** Path and query (`/a?b`), or `*`; empty for CONNECT. Normal: see `normalizePath`. */
  readonly path: string
  /** Host and optional port, as the client wrote it. */
  readonly authority: string
  readonly scheme: 'http' | 'https'
  readonly fields: FieldFacts
}

/** Header fields as they are read. Names are lower case. */
export interface FieldFacts {
  /** Value of the first line of that name. */
  get(name: string): string | undefined
  /** Values of all lines of that name, in order. */
  getAll(name: string): readonly string[]
}

/** Header fields as filters change them. */
export interface MutableFields extends FieldFacts {
  has(name: string): boolean
  /** Replaces all lines of that name by one. */
  set(name: string, value: string): void
  append(name: string, value: string): void
  remove(name: string): void
}

/** The parts of a request that filters change. */
export interface MutableRequest {
  path: string
  authority: string
  readonly fields: MutableFields
}

/** What {@link createRequestFacts} is told. */
export interface RequestFactsParts {
  readonly method?: string
  readonly path?: string
  readonly authority?: string
  readonly scheme?: 'http' | 'https'
  /** Pairs of name and value, in order. */
  readonly headers?: readonly (readonly [name: string, value: string])[]
}

/**
 * Facts of a request that is not under way: a recorded one, or one that somebody asks about.
 *
 * @example createRequestFacts({ path: '/api/vote?choice=doughnut', headers: [['x-user', 'alice']] })
 */
export function createRequestFacts(parts: RequestFactsParts): RequestFacts {
  const lines = (parts.headers ?? []).map(([name, value]) => [name.toLowerCase(), value] as const)
  const valuesOf = (name: string) => lines.filter((line) => line[0] === name).map((line) => line[1])
  return {
    method: parts.method ?? 'GET',
    path: normalizePath(parts.path ?? '/'),
    authority: parts.authority ?? '',
    scheme: parts.scheme ?? 'http',
    fields: { get: (name) => valuesOf(name)[0], getAll: valuesOf },
  }
}
