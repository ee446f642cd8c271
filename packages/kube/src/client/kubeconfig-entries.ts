import { dirname, isAbsolute, join } from 'node:path'
import { ConfigError } from '@heddle/base/config-error'
import { isMap } from '@heddle/base/is-map'
import { messageOf } from '@heddle/base/message-of'
import { parseDocument } from 'yaml'

/** A kubeconfig's `cluster`; paths are absolute. */
export interface ClusterEntry {
  /** Without a slash at its end; empty where the entry has none. */
  readonly server: string
  readonly caData?: string
  readonly caFile?: string
  readonly tlsServerName?: string
  readonly skipTlsVerify: boolean
  readonly proxyUrl?: string
}

/** A kubeconfig's `user`; paths are absolute. */
export interface UserEntry {
  readonly name: string
  readonly certData?: string
  readonly certFile?: string
  readonly keyData?: string
  readonly keyFile?: string
  readonly token?: string
  readonly tokenFile?: string
  readonly username?: string
  readonly password?: string
  readonly exec?: ExecEntry
  /** Of kubectl's providers before credential plugins, as it is. */
  readonly authProvider?: unknown
  readonly impersonation: Impersonation
}

/** Whom a user acts as. */
export interface Impersonation {
  readonly user?: string
  readonly uid?: string
  readonly groups: readonly string[]
  readonly extra: Readonly<Record<string, readonly string[]>>
}

/** A credential plugin (client.authentication.k8s.io). */
export interface ExecEntry {
  readonly apiVersion: string
  /** A path is relative to its file; a bare name is looked for in `PATH`; empty where the entry has none. */
  readonly command: string
  readonly args: readonly string[]
  readonly env: readonly { readonly name: string; readonly value: string }[]
  readonly installHint?: string
  readonly interactiveMode: 'Never' | 'IfAvailable' | 'Always'
  readonly provideClusterInfo: boolean
}

/** A kubeconfig's `context`. */
export interface ContextEntry {
  readonly cluster: string
  readonly user: string
  readonly namespace?: string
}

/** One or several kubeconfig files as one. */
export interface Kubeconfig {
  readonly currentContext: string
  readonly clusters: ReadonlyMap<string, ClusterEntry>
  readonly users: ReadonlyMap<string, UserEntry>
  readonly contexts: ReadonlyMap<string, ContextEntry>
}

type Fields = Readonly<Record<string, unknown>>

/**
 * Reads one file's text. Entries are taken as they are: as with kubectl, one that nobody uses may be incomplete.
 *
 * @throws {ConfigError} where it is not YAML
 */
export function parseKubeconfig(text: string, path: string): Kubeconfig {
  const root = readRoot(text, path)
  const resolve = (file: string) => (isAbsolute(file) ? file : join(dirname(path), file))
  return {
    currentContext: textOf(root, 'current-context') ?? '',
    clusters: entriesOf(root, 'cluster', (_name, fields) => toCluster(fields, resolve)),
    users: entriesOf(root, 'user', (name, fields) => toUser(name, fields, resolve)),
    contexts: entriesOf(root, 'context', (_name, fields) => toContext(fields)),
  }
}

function readRoot(text: string, path: string): Fields {
  const title = `${path} is not a kubeconfig`
  const document = parseDocument(text)
  // Not the lines that the parser appends: there may be secrets in them.
  const problems = document.errors.map(({ message }) => message.split(/:?\n/, 1)[0]!)
  if (problems.length > 0) throw new ConfigError(problems, title)
  try {
    return toFields(document.toJS())
  } catch (error) {
    // Aliases of aliases, which stand for more than there is memory.
    throw new ConfigError([messageOf(error)], title)
  }
}

/** Of entries with the same name the first counts, as with kubectl. */
export function joinKubeconfigs(configs: readonly Kubeconfig[]): Kubeconfig {
  const last = configs.toReversed()
  return {
    currentContext: configs.find((config) => config.currentContext !== '')?.currentContext ?? '',
    clusters: new Map(last.flatMap((config) => [...config.clusters])),
    users: new Map(last.flatMap((config) => [...config.users])),
    contexts: new Map(last.flatMap((config) => [...config.contexts])),
  }
}

/** Makes a path absolute that is relative to its kubeconfig. */
type Resolve = (file: string) => string

function entriesOf<T>(
  root: Fields,
  word: string,
  toEntry: (name: string, fields: Fields) => T,
): ReadonlyMap<string, T> {
  const entries = new Map<string, T>()
  for (const entry of listOf(root[`${word}s`])) {
    const name = textOf(entry, 'name')
    if (name !== undefined && !entries.has(name)) entries.set(name, toEntry(name, toFields(entry[word])))
  }
  return entries
}

function toCluster(fields: Fields, resolve: Resolve): ClusterEntry {
  return {
    server: (textOf(fields, 'server') ?? '').replace(/\/+$/, ''),
    skipTlsVerify: fields['insecure-skip-tls-verify'] === true,
    ...named('caData', textOf(fields, 'certificate-authority-data')),
    ...named('caFile', mapped(textOf(fields, 'certificate-authority'), resolve)),
    ...named('tlsServerName', textOf(fields, 'tls-server-name')),
    ...named('proxyUrl', textOf(fields, 'proxy-url')),
  }
}

function toUser(name: string, fields: Fields, resolve: Resolve): UserEntry {
  const file = (word: string) => mapped(textOf(fields, word), resolve)
  const { exec } = fields
  return {
    name,
    impersonation: toImpersonation(fields),
    ...named('certData', textOf(fields, 'client-certificate-data')),
    ...named('certFile', file('client-certificate')),
    ...named('keyData', textOf(fields, 'client-key-data')),
    ...named('keyFile', file('client-key')),
    ...named('token', textOf(fields, 'token')),
    ...named('tokenFile', file('tokenFile')),
    ...named('username', textOf(fields, 'username')),
    ...named('password', textOf(fields, 'password')),
    ...(exec === undefined || exec === null ? {} : { exec: toExec(toFields(exec), resolve) }),
    ...named('authProvider', fields['auth-provider'] ?? undefined),
  }
}

function toImpersonation(fields: Fields): Impersonation {
  const extra = Object.entries(toFields(fields['as-user-extra']))
  return {
    groups: textsOf(fields['as-groups']),
    extra: Object.fromEntries(extra.map(([key, values]) => [key, textsOf(values)])),
    ...named('user', textOf(fields, 'as')),
    ...named('uid', textOf(fields, 'as-uid')),
  }
}

function toExec(fields: Fields, resolve: Resolve): ExecEntry {
  const command = textOf(fields, 'command') ?? ''
  const mode = textOf(fields, 'interactiveMode')
  return {
    apiVersion: textOf(fields, 'apiVersion') ?? 'client.authentication.k8s.io/v1beta1',
    command: /[/\\]/.test(command) ? resolve(command) : command,
    args: textsOf(fields.args),
    env: listOf(fields.env).map((entry) => ({ name: textOf(entry, 'name') ?? '', value: String(entry.value ?? '') })),
    interactiveMode: mode === 'Never' || mode === 'Always' ? mode : 'IfAvailable',
    provideClusterInfo: fields.provideClusterInfo === true,
    ...named('installHint', textOf(fields, 'installHint')),
  }
}

function toContext(fields: Fields): ContextEntry {
  return {
    cluster: textOf(fields, 'cluster') ?? '',
    user: textOf(fields, 'user') ?? '',
    ...named('namespace', textOf(fields, 'namespace')),
  }
}

function toFields(value: unknown): Fields {
  return isMap(value) ? value : {}
}

function listOf(value: unknown): readonly Fields[] {
  return Array.isArray(value) ? value.map(toFields) : []
}

function textsOf(value: unknown): readonly string[] {
  return Array.isArray(value) ? value.map(String) : []
}

function textOf(fields: Fields, word: string): string | undefined {
  const value = fields[word]
  if (typeof value === 'number') return String(value)
  return typeof value === 'string' && value !== '' ? value : undefined
}

function mapped(text: string | undefined, to: (text: string) => string): string | undefined {
  return text === undefined ? undefined : to(text)
}

function named<Key extends string, T>(key: Key, value: T | undefined): { readonly [K in Key]?: T } {
  return value === undefined ? {} : ({ [key]: value } as { readonly [K in Key]: T })
}
