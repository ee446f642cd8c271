import type { ProxyCore } from '../proxy-core.ts'
import type { Accepted } from './accepted.ts'
import type { Stage } from './stage.ts'

/** The TLS handshake of a client is under way. */
export class HandshakeStage implements Stage {
  readonly protocol = 'handshake'
  readonly openRequests = 0
  readonly readBytes = 0
  readonly writtenBytes = 0
  readonly #accepted: Accepted
  readonly #core: ProxyCore

  constructor(accepted: Accepted, core: ProxyCore) {
    this.#accepted = accepted
    this.#core = core
    accepted.expectWithin(core.limits.handshakeMs)
    // Whom it was is logged when it fails, and then the socket is closed.
    accepted.rememberClient()
  }

  deadlinePassed(): void {
    this.#core.limitReached('handshakeMs')
    this.destroy()
  }

  drain(): void {
    // A request may be on its way; the next stage is told to drain as well.
  }

  destroy(): void {
    this.#accepted.raw.destroy()
  }
}
