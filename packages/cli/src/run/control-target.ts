import { X509Certificate } from 'node:crypto'
import { readFile } from 'node:fs/promises'
import { resolve } from 'node:path'
import { messageOf } from '@heddle/base/message-of'
import { CliError } from '../cli-error.ts'
import type { Context } from '../client/context.ts'
import type { ControlClient } from '../client/control-client.ts'
import type { CliDeps } from '../command.ts'
import { unreadable } from '../commands/manifest-paths.ts'
import type { JoinGrant } from '../instance/join-token.ts'
import type { SiteNetwork } from '../site/site.ts'

/** The control plane that a process joins, however it was found. */
export interface ControlTarget {
  /** `HOST:PORT` */
  readonly address: string
  readonly trustDomain: string
  /** `undefined`: the usual one of the trust domain. */
  readonly identity: string | undefined
  readonly trustBundlePem: string
  /** The client and the network of the mesh that is up on this host; `undefined` for one elsewhere. */
  readonly local: LocalMesh | undefined
  mintToken(): Promise<JoinGrant>
  close(): void
}

/** A mesh that is up on this host. */
export interface LocalMesh {
  readonly client: ControlClient
  readonly mesh: string
  readonly network: SiteNetwork | undefined
}

export interface ControlFlags {
  readonly control?: string
  readonly trustBundle?: string
  readonly tokenFile?: string
  readonly trustDomain?: string
  readonly controlIdentity?: string
  readonly namespace: string
  readonly serviceAccount: string
}

/**
 * The control plane named by flags, or the one that runs on this host, which is asked for a token by itself.
 *
 * @throws {CliError} when something that a control plane elsewhere needs is missing
 */
export async function findControl(flags: ControlFlags, deps: CliDeps): Promise<ControlTarget> {
  return flags.control === undefined ? localControl(flags, deps) : remoteControl(flags.control, flags, deps)
}

const TOKEN_LIFE_MS = 120_000

async function localControl({ namespace, serviceAccount }: ControlFlags, deps: CliDeps): Promise<ControlTarget> {
  const client = await deps.connect()
  const context = requireLocal(client)
  return {
    address: new URL(context.server).host,
    trustDomain: context.trustDomain,
    identity: context.serverIdentity,
    trustBundlePem: await readText(context.trustBundleFile),
    local: { client, mesh: context.mesh, network: context.network },
    mintToken: async () => {
      const request = { namespace, serviceAccount, ttlMs: TOKEN_LIFE_MS }
      const { token, trustBundlePem } = await client.admin.createJoinToken(request)
      return { token, trustBundlePem }
    },
    close: () => client.close(),
  }
}

/** @throws {CliError} on a cluster, whose pods get their proxies by injection */
function requireLocal(client: ControlClient): Context {
  const { world } = client
  if (world.kind === 'local') return world.context
  client.close()
  throw new CliError('no mesh runs here', {
    hints: ['start one with "heddle up DIR"; pods of a cluster are meshed with "heddle inject"'],
  })
}

async function remoteControl(address: string, flags: ControlFlags, deps: CliDeps): Promise<ControlTarget> {
  const { trustBundle, tokenFile, controlIdentity, trustDomain = 'heddle.local' } = flags
  if (!/^\S+:\d{1,5}$/.test(address)) throw new CliError(`--control ${address}: expected HOST:PORT`)
  if (trustBundle === undefined) {
    throw new CliError('--control needs --trust-bundle FILE: the certificates by which the control plane is verified', {
      hints: ['it is the file trust-bundle.pem in the state directory of the control plane'],
    })
  }
  const bundleNow = () => readBundle(resolve(deps.cwd, trustBundle))
  return {
    address,
    trustDomain,
    identity: controlIdentity,
    trustBundlePem: await bundleNow(),
    local: undefined,
    // Each time anew: whoever put another token there may have put another bundle beside it.
    mintToken: async () => ({ token: await readToken(tokenFile, deps), trustBundlePem: await bundleNow() }),
    close: () => {},
  }
}

/** What is no certificate would be found out by the proxy alone, which waits for better times. */
async function readBundle(file: string): Promise<string> {
  const pem = await readText(file)
  try {
    new X509Certificate(pem)
    return pem
  } catch (error) {
    throw new CliError(`${file} holds no certificate: ${messageOf(error)}`, {
      hints: ['--trust-bundle is the file trust-bundle.pem in the state directory of the control plane'],
    })
  }
}

async function readToken(tokenFile: string | undefined, deps: CliDeps): Promise<string> {
  if (tokenFile !== undefined) return (await readText(resolve(deps.cwd, tokenFile))).trim()
  const token = deps.env.HEDDLE_JOIN_TOKEN ?? ''
  if (token !== '') return token
  throw new CliError('--control needs a join token: --token-file FILE, or HEDDLE_JOIN_TOKEN', {
    hints: ['"heddle token" on the host of the control plane makes one'],
  })
}

async function readText(file: string): Promise<string> {
  try {
    return await readFile(file, 'utf8')
  } catch (error) {
    throw unreadable(file, error)
  }
}
