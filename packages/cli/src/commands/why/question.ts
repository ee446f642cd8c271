import { ResourceKind } from '@heddle/api/admin'
import type { RequestFactsParts } from '@heddle/engine/route/request'
import { CliError } from '../../cli-error.ts'
import { parseAuthority } from '../endpoints.ts'
import { parseResource } from '../resource-argument.ts'

/** The options of `why` that describe a request. */
export interface RequestOptions {
  readonly namespace: string
  readonly toNamespace?: string
  readonly port?: number
  readonly path: string
  readonly method?: string
  readonly header: readonly string[]
  readonly host?: string
  readonly grpc?: string
  readonly serverName?: string
}

/** A request that nobody has sent. */
export interface HypotheticalRequest {
  readonly client: {
    readonly kind: 'deployment' | 'pod' | 'namespace'
    readonly namespace: string
    readonly name: string
  }
  readonly service: { readonly namespace: string; readonly name: string; readonly port: number | undefined }
  readonly request: RequestFactsParts
  /** Of TLS that the application speaks itself. */
  readonly serverName: string | undefined
}

/**
 * Reads `CLIENT to SERVICE` with its options.
 *
 * @throws {CliError}
 */
export function parseQuestion(words: readonly string[], options: RequestOptions): HypotheticalRequest {
  const [from = '', to, target = '', ...rest] = words
  if (to !== 'to' || target === '' || rest.length > 0) {
    throw new CliError(`"${words.join(' ')}": expected REQUEST_ID, or CLIENT to SERVICE`, {
      hints: ['for example: heddle why deploy/web to svc/voting-svc --path /api'],
    })
  }
  const service = parseService(target, options)
  return {
    client: parseClient(from, options.namespace),
    service,
    request: toRequest(options, service.name),
    serverName: options.serverName,
  }
}

function parseClient(word: string, namespace: string): HypotheticalRequest['client'] {
  const { kind, name } = parseResource(word)
  if (name === '') throw new CliError(`"${word}": expected a client by name, such as deploy/web`)
  if (kind === ResourceKind.NAMESPACE) return { kind: 'namespace', namespace: name, name }
  if (kind === ResourceKind.SERVICE)
    throw new CliError(`"${word}": a Service sends nothing; expected deploy/NAME, pod/NAME or ns/NAME`)
  return { kind: kind === ResourceKind.POD ? 'pod' : 'deployment', namespace, name }
}

function parseService(word: string, options: RequestOptions): HypotheticalRequest['service'] {
  const slash = word.indexOf('/')
  if (slash !== -1 && parseResource(word.slice(0, slash)).kind !== ResourceKind.SERVICE) {
    throw new CliError(`"${word}": expected svc/NAME, svc/NAME.NAMESPACE or svc/NAME:PORT`)
  }
  const { service, namespace, port } = parseAuthority(word.slice(slash + 1), options.toNamespace ?? options.namespace)
  if (service === '') throw new CliError(`"${word}": expected a Service by name`)
  return { name: service, namespace, port: options.port ?? (port === 0 ? undefined : port) }
}

function toRequest(options: RequestOptions, service: string): RequestFactsParts {
  const headers = options.header.map(parseHeader)
  const authority = options.host ?? service
  if (options.grpc === undefined)
    return { method: options.method ?? 'GET', path: parsePath(options.path), authority, headers }
  // Records have it as a path, with the slash in front: what is copied from them is meant as well.
  const [name, method, ...rest] = options.grpc.replace(/^\//, '').split('/')
  if (!name || !method || rest.length > 0) {
    throw new CliError(`--grpc ${options.grpc}: expected SERVICE/METHOD, such as emojivote.v1.VotingService/Vote`)
  }
  return {
    method: 'POST',
    path: `/${name}/${method}`,
    authority,
    headers: [['content-type', 'application/grpc'], ...headers],
  }
}

function parsePath(path: string): string {
  if (path.startsWith('/') || path === '*') return path
  throw new CliError(`--path ${path}: expected a path that begins with "/"`)
}

function parseHeader(line: string): readonly [string, string] {
  const colon = line.indexOf(':')
  const name = line.slice(0, colon).trim()
  if (colon < 1 || name === '') throw new CliError(`-H "${line}": expected "name: value"`)
  return [name, line.slice(colon + 1).trim()]
}
