import { Buffer } from 'node:buffer'
import type { ClientSession, ServerSession } from '../src/session.ts'
import { endTurn, RecordingTransport } from './recording-transport.ts'

/** A session of either role with its transport, fed as the owner of a socket would feed it. */
export abstract class RecordingSession<Session extends ClientSession | ServerSession> {
  readonly transport = new RecordingTransport()
  abstract readonly session: Session
  idles = 0

  onIdle(): void {
    this.idles += 1
  }

  /** Feeds octets (a string is Latin-1) and ends the turn. */
  receive(octets: string | Uint8Array): void {
    this.session.receive(typeof octets === 'string' ? Buffer.from(octets, 'latin1') : octets)
    this.endTurn()
  }

  receiveEnd(): void {
    this.session.receiveEnd()
    this.endTurn()
  }

  endTurn(): void {
    endTurn(this.session, this.transport)
  }
}
