import { DEFAULT_H2_LIMITS, type H2Limits } from '../src/h2/limits.ts'
import { createH2Client, createH2Server } from '../src/h2/session.ts'
import { RecordingClient } from './recording-client.ts'
import { RecordingServer } from './recording-server.ts'

/** A server session of HTTP/2 whose requests and faults are kept. */
export function h2Server(limits: Partial<H2Limits> = {}): RecordingServer {
  return new RecordingServer((handler, transport) =>
    createH2Server(handler, transport, { ...DEFAULT_H2_LIMITS, ...limits }),
  )
}

/** A client session of HTTP/2 whose answers are kept. */
export function h2Client(limits: Partial<H2Limits> = {}): RecordingClient {
  return new RecordingClient((handler, transport) =>
    createH2Client(handler, transport, { ...DEFAULT_H2_LIMITS, ...limits }),
  )
}

/** A client and a server, each with its limits, that hear each other when `settle` is called. */
export class H2Pair {
  readonly client: RecordingClient
  readonly server: RecordingServer

  constructor(limits: { readonly client?: Partial<H2Limits>; readonly server?: Partial<H2Limits> } = {}) {
    this.client = h2Client(limits.client)
    this.server = h2Server(limits.server)
  }

  /** Carries octets to and fro until neither side has any; each side's end reaches the other. */
  settle(): void {
    for (;;) {
      this.client.endTurn()
      this.server.endTurn()
      const up = this.client.transport.takeBytes()
      const down = this.server.transport.takeBytes()
      if (up.length + down.length === 0) break
      if (up.length > 0) this.server.receive(up)
      if (down.length > 0) this.client.receive(down)
    }
  }
}
