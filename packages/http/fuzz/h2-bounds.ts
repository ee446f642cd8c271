import { deepStrictEqual, ok } from 'node:assert'
import type { H2ClientSession } from '../src/h2/client-session.ts'
import { DEFAULT_WINDOW_BYTES } from '../src/h2/frame-types.ts'
import type { H2Limits } from '../src/h2/limits.ts'
import type { H2ServerSession } from '../src/h2/server-session.ts'
import type { RecordingClient } from '../test/recording-client.ts'
import type { RecordingServer } from '../test/recording-server.ts'

const MAX_HELD_BYTES = 1000
const MAX_DISCARDED_BYTES = 500
const MAX_STREAMS = 2

/** So tight that a few frames reach them. */
export const TIGHT: Partial<H2Limits> = {
  ...{ maxHeadBytes: 600, maxTargetBytes: 50, maxFields: 12, maxTrailerBytes: 100, maxInformationalBytes: 100 },
  ...{ maxHeaderBlockBytes: 200, maxContinuations: 1, maxTableBytes: 100, maxConcurrentStreams: MAX_STREAMS },
  ...{ streamWindowBytes: 1000, connectionWindowBytes: DEFAULT_WINDOW_BYTES, maxHeldBytes: MAX_HELD_BYTES },
  ...{ maxResets: 2, maxSettings: 2, maxPings: 2, maxEmptyFrames: 2, maxPriorities: 2, maxWindowUpdates: 3 },
  ...{ maxUnreadReplies: 3, maxDiscardedBytes: MAX_DISCARDED_BYTES },
}

/** What we begin with, and the one answer to a frame of the peer's: a refusal with its RST_STREAM is the largest. */
const FIRST_BYTES = 1000
const MAX_REPLY_BYTES = 150
const LEAST_FRAME_BYTES = 9

/**
 * Feeds a session with {@link TIGHT} limits: it holds no more than it may, says no more than it was asked, and has nothing left once
 * the connection has ended.
 *
 * @throws {Error} when one of these does not hold
 */
export function checkBounds(side: RecordingServer | RecordingClient, pieces: readonly Uint8Array[]): void {
  const session = side.session as unknown as H2ServerSession | H2ClientSession
  const { transport } = side
  let receivedBytes = 0
  let writtenBytes = 0
  let deafBytes = 0
  for (const piece of pieces) {
    // Whoever owns the socket reads no more then.
    if (transport.isPaused || transport.isAborted) break
    if (transport.isEnded) deafBytes += piece.length
    side.receive(piece)
    receivedBytes += piece.length
    writtenBytes += transport.takeBytes().length
    const frames = Math.ceil(receivedBytes / LEAST_FRAME_BYTES)
    ok(writtenBytes <= FIRST_BYTES + frames * MAX_REPLY_BYTES, `${writtenBytes} octets for ${receivedBytes}`)
    ok(deafBytes <= MAX_DISCARDED_BYTES || transport.isAborted, `${deafBytes} octets behind the end`)
    checkHeld(session)
  }
  if (!transport.isEnded && !transport.isAborted) {
    transport.takesAll = true
    session.transportDrained()
    side.endTurn()
  }
  side.receiveEnd()
  deepStrictEqual([session.activeStreams, session.credit.heldBytes], [0, 0])
}

function checkHeld({ role, activeStreams, credit }: H2ServerSession | H2ClientSession): void {
  ok(credit.heldBytes <= DEFAULT_WINDOW_BYTES + MAX_HELD_BYTES, `${credit.heldBytes} octets are held`)
  ok(role === 'client' || activeStreams <= MAX_STREAMS, `${activeStreams} streams`)
}
