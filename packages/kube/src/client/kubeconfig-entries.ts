import { dirname, isAbsolute, join } from 'node:path'
import { ConfigError } from '@heddle/base/config-error'
import { isMap } from '@heddle/base/is-map'
import { parseDocument } from 'yaml'

/** A kubeconfig's `cluster`; paths are absolute. */
export interface ClusterEntry {
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
  /** A path is relative to its file; a bare name is looked for in `PATH`. */
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
 * Reads one file's text.
 *
 * @throws {ConfigError} naming each entry that is not as kubectl would have it
 */
export function parseKubeconfig(text: string, path: string): Kubeconfig {
  const document = parseDocument(text)
  const problems = document.errors.map((error) => error.message)
  const root = problems.length > 0 ? {} : toFields(document.toJS())
  const resolve = (file: string) => (isAbsolute(file) ? file : join(dirname(path), file))
  const read = { resolve, problems }
  const config = {
    currentContext: textOf(root, 'current-context') ?? '',
    clusters: entriesOf(root, 'cluster', (name, fields) => toCluster(name, fields, read)),
    users: entriesOf(root, 'user', (name, fields) => toUser(name, fields, read)),
    contexts: entriesOf(root, 'context', (_name, fields) => toContext(fields)),
  }
  if (problems.length > 0) throw new ConfigError(problems, `${path} is not a kubeconfig`)
  return config
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

interface Reading {
  readonly resolve: (file: string) => string
  readonly problems: string[]
}

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

function toCluster(name: string, fields: Fields, { resolve, problems }: Reading): ClusterEntry {
  const server = textOf(fields, 'server')
  if (server === undefined || !/^https?:\/\/[^/]/.test(server))
    problems.push(`cluster ${name} has no server that is a URL`)
  return {
    server: (server ?? '').replace(/\/+$/, ''),
    skipTlsVerify: fields['insecure-skip-tls-verify'] === true,
    ...named('caData', textOf(fields, 'certificate-authority-data')),
    ...named('caFile', mapped(textOf(fields, 'certificate-authority'), resolve)),
    ...named('tlsServerName', textOf(fields, 'tls-server-name')),
    ...named('proxyUrl', textOf(fields, 'proxy-url')),
  }
}

function toUser(name: string, fields: Fields, read: Reading): UserEntry {
  const file = (word: string) => mapped(textOf(fields, word), read.resolve)
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
    ...(exec === undefined || exec === null ? {} : { exec: toExec(name, toFields(exec), read) }),
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

function toExec(user: string, fields: Fields, { resolve, problems }: Reading): ExecEntry {
  const command = textOf(fields, 'command') ?? ''
  if (command === '') problems.push(`the credential plugin of user ${user} has no command`)
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
