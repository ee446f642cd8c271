import { readdir, readFile } from 'node:fs/promises'
import { join } from 'node:path'
import { codeOf } from '@heddle/base/code-of'
import { messageOf } from '@heddle/base/message-of'
import { CliError } from '../cli-error.ts'
import type { SiteNetwork } from '../site/site.ts'
import { meshPaths } from '../state/state-directory.ts'

/** How the command line reaches the control plane of a mesh on this host. Written by `heddle up` while the control plane runs, mode 0600. */
export interface Context {
  readonly mesh: string
  /** `https://HOST:PORT` */
  readonly server: string
  /** The control plane's own SPIFFE id, which its certificate must carry. */
  readonly serverIdentity: string
  readonly trustDomain: string
  /** PEM file of the certificates to trust. */
  readonly trustBundleFile: string
  /** File with the bearer token, mode 0600. */
  readonly tokenFile: string
  /** The mesh's network on this host; absent in explicit mode. */
  readonly network?: SiteNetwork
}

/**
 * The mesh of that name, or the only one that runs on this host; `undefined` when there is none.
 *
 * @throws {CliError} when there is more than one
 */
export async function findContext(stateDirectory: string, mesh: string | undefined): Promise<Context | undefined> {
  if (mesh !== undefined) return await readContext(stateDirectory, mesh)
  const meshes = await listMeshes(stateDirectory)
  const contexts = await Promise.all(meshes.map((name) => readContext(stateDirectory, name)))
  const running = contexts.filter((context) => context !== undefined)
  if (running.length > 1) {
    throw new CliError(`several meshes run: ${running.map((context) => context.mesh).join(', ')}`, {
      hints: ['choose one with --mesh NAME'],
    })
  }
  return running[0]
}

async function listMeshes(stateDirectory: string): Promise<readonly string[]> {
  try {
    return (await readdir(join(stateDirectory, 'meshes'))).sort()
  } catch (error) {
    if (codeOf(error) === 'ENOENT') return []
    throw new CliError(`cannot read ${stateDirectory}: ${messageOf(error)}`, {
      hints: ['set HEDDLE_HOME to a directory of your own'],
    })
  }
}

async function readContext(stateDirectory: string, mesh: string): Promise<Context | undefined> {
  const file = meshPaths(stateDirectory, mesh).context
  try {
    return parseContext(await readFile(file, 'utf8'), file)
  } catch (error) {
    if (codeOf(error) === 'ENOENT') return undefined
    throw error instanceof CliError ? error : new CliError(`cannot read ${file}: ${messageOf(error)}`)
  }
}

const WRITTEN_ANEW = 'it is written anew by "heddle up"; remove it'
const FIELDS = ['mesh', 'server', 'serverIdentity', 'trustDomain', 'trustBundleFile', 'tokenFile'] as const

/** @throws {CliError} naming the field that is missing */
function parseContext(text: string, file: string): Context {
  let value: unknown
  try {
    value = JSON.parse(text)
  } catch {
    throw new CliError(`${file} is not JSON`, { hints: [WRITTEN_ANEW] })
  }
  const fields = new Map(typeof value === 'object' && value !== null ? Object.entries(value) : [])
  const missing = FIELDS.find((field) => typeof fields.get(field) !== 'string')
  if (missing !== undefined) throw new CliError(`${file}: field ${missing} is missing`, { hints: [WRITTEN_ANEW] })
  if (!URL.canParse(fields.get('server')))
    throw new CliError(`${file}: field server is no address: ${fields.get('server')}`, { hints: [WRITTEN_ANEW] })
  const kept = [...FIELDS, 'network'].filter((field) => fields.get(field) !== undefined)
  return Object.fromEntries(kept.map((field) => [field, fields.get(field)])) as unknown as Context
}
