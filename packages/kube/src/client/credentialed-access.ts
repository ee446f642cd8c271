import { type Agent, Agent as HttpAgent } from 'node:http'
import { Agent as HttpsAgent } from 'node:https'
import type { ClusterAccess, Credentials } from './kubeconfig.ts'

/** How the API server's certificate is verified, and which one is shown to it. */
export interface TlsMaterial {
  /** PEM; the machine's roots where it is left out. */
  readonly ca?: string
  readonly cert?: string
  readonly key?: string
  readonly servername?: string
  readonly isVerified?: boolean
}

/** What a user shows. */
export interface UserProof {
  readonly headers: Readonly<Record<string, string | readonly string[]>>
  /** PEM. */
  readonly cert?: string
  readonly key?: string
}

/** Where a user's proof comes from; keeps it as long as it is good. */
export interface UserSource {
  get(): Promise<UserProof>
  forget(): void
}

/** What an access is made of. */
export interface AccessParts {
  readonly server: string
  readonly contextName: string
  readonly namespace: string
  readonly tls: () => Promise<TlsMaterial>
  readonly user: UserSource
  /** Of an HTTP proxy that tunnels to the server. */
  readonly proxyUrl?: string
}

/** Go's server, which the API server is, closes idle connections after 90 s or more; ours go before, so that none is found dead. */
const IDLE_MS = 60_000
/** Dead peers are noticed on connections that wait for a watch. */
const TCP_KEEP_ALIVE_MS = 30_000

/** Access whose connections are replaced when the CA or the client's certificate changes. */
export class CredentialedAccess implements ClusterAccess {
  readonly server: string
  readonly contextName: string
  readonly namespace: string
  readonly #parts: AccessParts
  #agent: Agent | undefined
  #agentKey = ''

  constructor(parts: AccessParts) {
    this.server = parts.server
    this.contextName = parts.contextName
    this.namespace = parts.namespace
    this.#parts = parts
  }

  async credentials(): Promise<Credentials> {
    const proof = await this.#parts.user.get()
    const { cert, key } = proof
    const tls = { ...(await this.#parts.tls()), ...(cert === undefined || key === undefined ? {} : { cert, key }) }
    return { headers: proof.headers, agent: this.#agentFor(tls) }
  }

  forgetCredentials(): void {
    this.#parts.user.forget()
  }

  close(): void {
    this.#agent?.destroy()
    this.#agent = undefined
  }

  #agentFor(tls: TlsMaterial): Agent {
    const key = JSON.stringify(tls)
    if (this.#agent !== undefined && this.#agentKey === key) return this.#agent
    // Those that answer a request or feed a watch at present live on, until they are idle for long.
    closeIdle(this.#agent)
    this.#agentKey = key
    this.#agent = this.#createAgent(tls)
    return this.#agent
  }

  #createAgent({ isVerified, ...tls }: TlsMaterial): Agent {
    const { server, proxyUrl } = this.#parts
    const kept = { keepAlive: true, keepAliveMsecs: TCP_KEEP_ALIVE_MS, timeout: IDLE_MS, maxFreeSockets: 16 }
    const proxied = proxyUrl === undefined ? {} : { proxyEnv: { HTTPS_PROXY: proxyUrl, HTTP_PROXY: proxyUrl } }
    if (server.startsWith('http:')) return new HttpAgent({ ...kept, ...proxied })
    return new HttpsAgent({ ...kept, ...proxied, ...tls, rejectUnauthorized: isVerified !== false })
  }
}

function closeIdle(agent: Agent | undefined): void {
  if (agent === undefined) return
  for (const sockets of Object.values(agent.freeSockets)) for (const socket of sockets ?? []) socket.destroy()
}
