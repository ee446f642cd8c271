import { readFile } from 'node:fs/promises'
import { Agent } from 'node:https'
import type { PeerCertificate } from 'node:tls'
import { type Client, Code, ConnectError, createClient, type Interceptor } from '@connectrpc/connect'
import { createConnectTransport } from '@connectrpc/connect-node'
import { AdminService } from '@heddle/api/admin'
import { messageOf } from '@heddle/base/message-of'
import { CliError } from '../cli-error.ts'
import { cleanAnswer, cleanText } from './clean-answer.ts'
import type { Context } from './context.ts'
import type { World } from './world.ts'

/** The control plane as commands see it. */
export interface ControlClient {
  /** Where it is. */
  readonly world: World
  /** Failed calls throw CliError with what to do. */
  readonly admin: Client<typeof AdminService>
  /** Closes idle connections. */
  close(): void
}

/** What a command wants of the control plane: to see something, or to have something done. */
export type ControlNeed = 'look' | 'act'

/** A control plane: how it is reached, and what is said when it is not. */
export interface ControlPlace {
  /** How messages call it: `the control plane of mesh "shop"`. */
  readonly title: string
  /** `https://HOST:PORT` */
  readonly server: string
  /** The control plane's own SPIFFE id, which its certificate must carry; of a cluster in whatever trust domain its root vouches for. */
  readonly serverIdentity: string | RegExp
  /** What to try. */
  readonly remedies: { readonly unavailable: string; readonly refused: string; readonly slow: string }
}

/** Everything that {@link createControlClient} needs, files already read. */
export interface ControlClientOptions {
  readonly world: World
  readonly place: ControlPlace
  readonly trustBundlePem: string
  /** What to trust by now: asked before each call, since a client may outlive a root; the above for good unless given. */
  readonly trustNow?: () => Promise<string>
  readonly token: string
  /** Deadline of each call, in ms. */
  readonly timeoutMs?: number
}

const TIMEOUT_MS = 10_000
/** What can be in a header; RFC 6750 §2.1. */
const TOKEN = /^[\w~+/.-]+=*$/

/**
 * A client of the control plane of a mesh on this host.
 *
 * @throws {CliError} when the files of the context cannot be read
 */
export async function connectControl(context: Context): Promise<ControlClient> {
  const trustNow = () => readSecret(context.trustBundleFile)
  const trustBundlePem = await trustNow()
  const token = (await readSecret(context.tokenFile)).trim()
  if (!TOKEN.test(token))
    throw new CliError(`${context.tokenFile} holds no token`, {
      hints: ['end "heddle up" and start it again: it makes one'],
    })
  const world = { kind: 'local' as const, context }
  return createControlClient({ world, place: placeOf(context), trustBundlePem, trustNow, token })
}

/** How the control plane of a mesh on this host is reached. */
export function placeOf({ mesh, server, serverIdentity, tokenFile }: Context): ControlPlace {
  return {
    title: `the control plane of mesh "${mesh}"`,
    server,
    serverIdentity,
    remedies: {
      unavailable: 'is "heddle up" still running? If it was killed, start it again: it cleans up first',
      refused: `the token in ${tokenFile} is not (or no longer) valid`,
      slow: 'it is overloaded, or was stopped: its log is among those that "heddle up" names when it starts',
    },
  }
}

async function readSecret(file: string): Promise<string> {
  try {
    return await readFile(file, 'utf8')
  } catch (error) {
    throw new CliError(`cannot read ${file}: ${messageOf(error)}`, {
      hints: ['the mesh belongs to another user, or ended just now'],
    })
  }
}

/**
 * A client that trusts only the mesh's own authority and only the control plane's own identity: the system's
 * certificate authorities have no say here.
 */
export function createControlClient(options: ControlClientOptions): ControlClient {
  const { world, place, trustBundlePem, trustNow, token } = options
  const agent = new Agent({
    ca: trustBundlePem,
    minVersion: 'TLSv1.3',
    keepAlive: true,
    checkServerIdentity: (_host, certificate) => checkIdentity(certificate, place.serverIdentity),
  })
  const transport = createConnectTransport({
    baseUrl: place.server,
    httpVersion: '1.1',
    nodeOptions: { agent },
    defaultTimeoutMs: options.timeoutMs ?? TIMEOUT_MS,
    interceptors: [authorize(token), ...(trustNow === undefined ? [] : [renewTrust(agent, trustNow)])],
  })
  return {
    world,
    admin: explainFailures(createClient(AdminService, transport), place),
    close: () => agent.destroy(),
  }
}

/** RFC 6125 names have no place between workloads: SPIFFE ids are compared whole (SPIFFE X.509-SVID §5.2). */
function checkIdentity({ subjectaltname = '' }: PeerCertificate, expected: string | RegExp): Error | undefined {
  const ids = subjectaltname.split(', ').flatMap((name) => (name.startsWith('URI:') ? [name.slice(4)] : []))
  const isExpected = (id: string) => (typeof expected === 'string' ? id === expected : expected.test(id))
  if (ids.some(isExpected)) return undefined
  return new Error(`the server is ${subjectaltname === '' ? 'nameless' : subjectaltname}, not the control plane`)
}

function authorize(token: string): Interceptor {
  return (next) => (request) => {
    request.header.set('authorization', `Bearer ${token}`)
    return next(request)
  }
}

/** Connections that are open stay so; others are made when the bundle is another. */
function renewTrust(agent: Agent, trustNow: () => Promise<string>): Interceptor {
  return (next) => async (request) => {
    agent.options.ca = await trustNow().catch(() => agent.options.ca)
    return await next(request)
  }
}

type AdminClient = Client<typeof AdminService>

/**
 * The same client, whose answers can be shown and whose failed calls throw CliError with what to do. Not an interceptor: what one throws is wrapped into a
 * ConnectError again.
 */
export function explainFailures(client: AdminClient, place: ControlPlace): AdminClient {
  return new Proxy(client, {
    get(target, name) {
      const call: unknown = Reflect.get(target, name)
      if (typeof call !== 'function') return call
      return (...args: readonly unknown[]) =>
        call(...args).then(cleanAnswer, (error: unknown) => {
          throw explain(ConnectError.from(error), place)
        })
    },
  })
}

function explain(error: ConnectError, { title, server, remedies }: ControlPlace): CliError {
  const said = cleanText(error.rawMessage)
  if (isUnproven(error)) {
    const fault = said.replace(OF_NODE, '')
    return new CliError(`${title} cannot prove to be it: ${fault}`, { hints: [UNPROVEN], cause: error })
  }
  switch (error.code) {
    case Code.Unavailable:
      return new CliError(`${title} does not answer at ${server}: ${said}`, {
        hints: [remedies.unavailable],
        cause: error,
      })
    case Code.DeadlineExceeded:
      return new CliError(`${title} took too long to answer`, { hints: [remedies.slow], cause: error })
    case Code.Unauthenticated:
    case Code.PermissionDenied:
      return new CliError(`${title} refused: ${said}`, { hints: [remedies.refused], cause: error })
    default:
      return new CliError(`${title} answered: ${said}`, { cause: error })
  }
}

const UNPROVEN =
  'its root may have expired or been replaced, or the clock of this host be wrong: see what "heddle check" says of the root and of clocks'
/** The advice that Node adds leads elsewhere: the system's authorities have no say here. */
const OF_NODE = /; if the root CA is installed locally.*/s
/** How Node names what it finds wrong with a certificate. */
const CERTIFICATE_FAULT = /^(CERT_|UNABLE_TO_|DEPTH_ZERO_|SELF_SIGNED_)/

function isUnproven({ cause }: ConnectError): boolean {
  return cause instanceof Error && 'code' in cause && CERTIFICATE_FAULT.test(String(cause.code))
}
