import type { PeerCertificate } from 'node:tls'
import { type Client, ConnectError, createClient } from '@connectrpc/connect'
import { createConnectTransport, Http2SessionManager } from '@connectrpc/connect-node'
import { ReplicaService } from '@heddle/api/replica'
import type { Clock } from '@heddle/base/clock'
import type { Log } from '@heddle/base/log'
import { LogLimit } from '@heddle/base/log-limit'
import { parseSpiffeId, serverNameOf } from '@heddle/identity/spiffe-id'
import { verifyPeer } from '@heddle/identity/verify-peer'
import type { Counter, Family, Registry } from '@heddle/telemetry/registry'
import type { ServerIdentity, ServerTls } from '../ca/server-identity.ts'
import type { ReplicaAnswers, ReplicaCall, Replicas } from './replicas.ts'

export interface ReplicaClientsOptions {
  /** Where the others are at present, `IP:PORT`. */
  readonly addresses: () => readonly string[]
  /** Proves this replica to the others; they prove the same identity. */
  readonly identity: ServerIdentity
  readonly registry: Registry
  readonly clock: Clock
  readonly log: Log
}

/** A replica that is on its way out must not make every command wait. */
const WAIT_MS = 1_500
/** A connection that is dead is found out by then. */
const PING_MS = 10_000
const IDLE_MS = 60_000
/** A whole window of 10,000 series is some megabytes. */
const MAX_ANSWER_BYTES = 64 * 1024 * 1024

interface Connection {
  readonly client: Client<typeof ReplicaService>
  readonly sessions: Http2SessionManager
  /** The credentials that it was made by. */
  readonly tls: ServerTls
}

/** Asks replicas over the API that they serve to proxies too, by the control plane's own certificate. */
export class ReplicaClients implements Replicas {
  readonly #options: ReplicaClientsOptions
  readonly #connections = new Map<string, Connection>()
  readonly #calls: Family<Counter>
  readonly #failures: LogLimit

  constructor(options: ReplicaClientsOptions, signal: AbortSignal) {
    this.#options = options
    const { registry, log, clock } = options
    this.#failures = new LogLimit(log, clock)
    this.#calls = registry.counters('heddle_control_replica_calls_total', {
      help: 'Questions to other replicas by outcome',
      labels: ['outcome'],
    })
    registry.gauge('heddle_control_replicas', 'Other replicas that are known', () => this.list().length)
    signal.addEventListener('abort', () => this.#close(new Set()), { once: true })
  }

  list(): readonly string[] {
    return this.#options.addresses()
  }

  async ask<T>(call: ReplicaCall<T>, waitMs: number = WAIT_MS): Promise<ReplicaAnswers<T>> {
    const addresses = this.list()
    this.#close(new Set(addresses))
    const ended = new AbortController()
    const timer = this.#options.clock.after(waitMs, () => ended.abort(new Error(`no answer after ${waitMs} ms`)))
    const silent = new Map<string, string>()
    const answers: T[] = []
    const askOne = async (address: string) => {
      try {
        answers.push(await call(this.#connect(address), ended.signal))
        this.#calls.with('answered').add()
      } catch (error) {
        silent.set(address, this.#failed(address, error))
      }
    }
    await Promise.all(addresses.map(askOne))
    timer.cancel()
    return { answers, silent }
  }

  #failed(address: string, error: unknown): string {
    const detail = ConnectError.from(error).message
    this.#calls.with('failed').add()
    const fields = { replica: address, error: detail }
    this.#failures.write({ level: 'warn', event: 'replica did not answer', kind: address, fields })
    return detail
  }

  #connect(address: string): Client<typeof ReplicaService> {
    const tls = this.#options.identity.current()
    const known = this.#connections.get(address)
    if (known?.tls === tls) return known.client
    known?.sessions.abort()
    const baseUrl = `https://${address}`
    const sessions = new Http2SessionManager(
      baseUrl,
      { pingIntervalMs: PING_MS, idleConnectionTimeoutMs: IDLE_MS },
      this.#secureOptions(tls),
    )
    const transport = createConnectTransport({
      baseUrl,
      httpVersion: '2',
      sessionManager: sessions,
      useBinaryFormat: true,
      readMaxBytes: MAX_ANSWER_BYTES,
    })
    const client = createClient(ReplicaService, transport)
    this.#connections.set(address, { client, sessions, tls })
    return client
  }

  #secureOptions(tls: ServerTls) {
    const { identity, clock } = this.#options
    const { spiffeId } = identity
    const id = parseSpiffeId(spiffeId)!
    return {
      ca: tls.trustBundlePem,
      cert: tls.certificateChainPem,
      key: tls.privateKeyPem,
      minVersion: 'TLSv1.3' as const,
      servername: serverNameOf(id),
      // By the identity, not by the address: that is how the control plane is known everywhere.
      checkServerIdentity(_host: string, { raw }: PeerCertificate) {
        const verdict = verifyPeer(raw, { trustDomain: id.trustDomain, spiffeId, nowMs: clock.nowMs() })
        return verdict.kind === 'refused' ? new Error(verdict.detail) : undefined
      },
    }
  }

  /** Closes the connections of those who are gone. */
  #close(present: ReadonlySet<string>): void {
    for (const [address, { sessions }] of this.#connections) {
      if (present.has(address)) continue
      sessions.abort()
      this.#connections.delete(address)
    }
  }
}
