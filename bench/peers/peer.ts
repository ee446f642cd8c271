import type { TlsPair } from '../certificates.ts'
import type { Attached, Protocol, ProxyName } from '../scenarios.ts'

/** Where one proxy stands: `tls-client` speaks mTLS to the next proxy, `tls-server` takes mTLS from the one before. */
export interface Hop {
  readonly role: 'plain' | 'tls-client' | 'tls-server'
  readonly listenPort: number
  /** What those that connect to it speak; with TLS it is agreed upon by ALPN. */
  readonly listenProtocol: Protocol
  /** Endpoints, all of the same kind. */
  readonly upstreamPorts: readonly number[]
  readonly upstreamProtocol: Protocol
  /** For what a proxy insists on beside its listener, such as an admin interface. */
  readonly adminPort: number
  readonly tls: TlsPair
  /** A folder of its own. */
  readonly directory: string
  /** What is attached to the destination. */
  readonly attached?: Attached
}

/** How to start a proxy for one hop. */
export interface Launch {
  /** To be written below the hop's folder first, by name. */
  readonly files: Readonly<Record<string, string>>
  readonly command: readonly string[]
}

/** One of the compared proxies. */
export interface Peer {
  readonly name: ProxyName
  /** The program, or `undefined` when it is not installed. */
  find(): string | undefined
  /** Makes what the program needs beside itself, once before the first launch. */
  prepare?(program: string): void
  /** What to do when it is not. */
  readonly install: string
  version(program: string): string
  /** Whether its cost falls in its first seconds under load, as code is compiled. */
  readonly isCompiledAsItRuns: boolean
  launch(program: string, hop: Hop): Launch
}
