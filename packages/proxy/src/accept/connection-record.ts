import type { ListenerConfig } from '../listener-config.ts'

/** One accepted connection, for people who look. */
export interface ConnectionRecord {
  readonly listener: ListenerConfig['kind']
  /** `IP:PORT` of the client. */
  readonly client: string
  /** Key of the destination, or address of the application. */
  readonly destination: string
  readonly protocol: string
  /** SPIFFE id of the client, empty in plain. */
  readonly peerIdentity: string
  readonly openRequests: number
  readonly readBytes: number
  readonly writtenBytes: number
  readonly ageMs: number
}
