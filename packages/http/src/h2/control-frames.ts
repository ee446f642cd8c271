import { HttpError } from '../http-error.ts'
import { H2_CODE } from './error-code.ts'
import type { FrameOwner } from './frame-owner.ts'
import type { Frame } from './frame-reader.ts'
import { FLAG, MAX_WINDOW_BYTES, UNRESERVED_BITS } from './frame-types.ts'
import { PRIORITY_BYTES } from './header-blocks.ts'
import { readWord } from './payload.ts'
import { readSettings } from './settings.ts'

const WORD_BYTES = 4
const PING_BYTES = 8
const LEAST_GOAWAY_BYTES = 8

/** RFC 9113 §6.9. */
export function takeWindowUpdate(owner: FrameOwner, frame: Frame): void {
  const { streamId, length, bytes, start } = frame
  if (length !== WORD_BYTES) {
    owner.fail(H2_CODE.frameSizeError, 'bad_frame', `WINDOW_UPDATE of ${length} octets`)
    return
  }
  if (!owner.allows('window_update_flood', 'too many WINDOW_UPDATE frames for what was sent')) return
  const increment = readWord(bytes, start) & UNRESERVED_BITS
  if (streamId === 0) growConnection(owner, increment)
  else growStream(owner, streamId, increment)
}

function growConnection(owner: FrameOwner, increment: number): void {
  if (increment === 0) {
    owner.fail(H2_CODE.protocolError, 'window_fault', 'WINDOW_UPDATE with an increment of 0')
    return
  }
  if (owner.order.window + increment > MAX_WINDOW_BYTES) {
    owner.fail(H2_CODE.flowControlError, 'window_fault', 'a window of the connection above 2^31-1')
    return
  }
  owner.order.window += increment
  owner.order.run()
}

function growStream(owner: FrameOwner, streamId: number, increment: number): void {
  const stream = owner.streams.get(streamId)
  if (stream === undefined) {
    if (owner.isIdle(streamId)) owner.fail(H2_CODE.protocolError, 'stream_state', 'WINDOW_UPDATE on an idle stream')
    return
  }
  if (increment === 0) {
    const error = new HttpError('window_fault', 'WINDOW_UPDATE with an increment of 0')
    owner.failStream(stream, H2_CODE.protocolError, error)
    return
  }
  if (stream.sendWindow + increment > MAX_WINDOW_BYTES) {
    const error = new HttpError('window_fault', 'a window of a stream above 2^31-1')
    owner.failStream(stream, H2_CODE.flowControlError, error)
    return
  }
  stream.growWindow(increment)
  owner.order.run()
}

/** RFC 9113 §6.5. */
export function takeSettings(owner: FrameOwner, frame: Frame): void {
  const { streamId, flags, length } = frame
  if (streamId !== 0) {
    owner.fail(H2_CODE.protocolError, 'bad_frame', 'SETTINGS on a stream')
    return
  }
  if ((flags & FLAG.ack) !== 0) {
    if (length > 0) owner.fail(H2_CODE.frameSizeError, 'bad_frame', 'SETTINGS with ACK and octets')
    return
  }
  if (!owner.allows('settings_flood', 'too many SETTINGS frames')) return
  const { peer } = owner
  const before = peer.streamWindowBytes
  const fault = readSettings(peer, frame, owner.peerRole)
  if (fault !== undefined) {
    owner.fail(fault.code, 'bad_frame', fault.detail)
    return
  }
  if (!mayReply(owner)) return
  owner.writer.writeSettingsAck()
  owner.encoder.setPeerTableBytes(peer.tableBytes)
  if (moveWindows(owner, peer.streamWindowBytes - before)) owner.settingsChanged()
}

/** RFC 9113 §6.9.2. @returns false when a window grew too large */
function moveWindows(owner: FrameOwner, change: number): boolean {
  if (change === 0) return true
  for (const stream of owner.streams.list()) {
    if (stream.sendWindow + change > MAX_WINDOW_BYTES) {
      owner.fail(H2_CODE.flowControlError, 'window_fault', 'a window of a stream above 2^31-1')
      return false
    }
    stream.growWindow(change)
  }
  owner.order.run()
  return !owner.isDeaf
}

/** RFC 9113 §6.7. */
export function takePing(owner: FrameOwner, frame: Frame): void {
  const { streamId, flags, length, bytes, start } = frame
  if (length !== PING_BYTES) {
    owner.fail(H2_CODE.frameSizeError, 'bad_frame', `PING of ${length} octets`)
    return
  }
  if (streamId !== 0) {
    owner.fail(H2_CODE.protocolError, 'bad_frame', 'PING on a stream')
    return
  }
  if ((flags & FLAG.ack) !== 0) {
    owner.pingAcked(bytes, start)
    return
  }
  if (owner.allows('ping_flood', 'too many PING frames') && mayReply(owner)) owner.writer.writePingAck(bytes, start)
}

/** What a peer can ask for without limit. @returns false when it does not read the answers */
function mayReply(owner: FrameOwner): boolean {
  return !owner.output.isBlocked || owner.allows('unread_replies', 'the peer does not read what it asked for')
}

/** RFC 9113 §6.4. */
export function takeRstStream(owner: FrameOwner, frame: Frame): void {
  const { streamId, length, bytes, start } = frame
  if (length !== WORD_BYTES) {
    owner.fail(H2_CODE.frameSizeError, 'bad_frame', `RST_STREAM of ${length} octets`)
    return
  }
  const stream = owner.streams.get(streamId)
  if (stream !== undefined) {
    owner.streamReset(stream, readWord(bytes, start))
    return
  }
  if (streamId === 0 || owner.isIdle(streamId)) {
    owner.fail(H2_CODE.protocolError, 'stream_state', 'RST_STREAM on a stream that was never begun')
  }
}

/** Ignored but for its form. RFC 9113 §5.3, §6.3. */
export function takePriority(owner: FrameOwner, frame: Frame): void {
  const { streamId, length, bytes, start } = frame
  if (streamId === 0) {
    owner.fail(H2_CODE.protocolError, 'bad_frame', 'PRIORITY on stream 0')
    return
  }
  if (!owner.allows('priority_flood', 'too many PRIORITY frames')) return
  const isSize = length !== PRIORITY_BYTES
  if (!isSize && (readWord(bytes, start) & UNRESERVED_BITS) !== streamId) return
  const error = new HttpError('bad_frame', isSize ? `PRIORITY of ${length} octets` : 'a stream that depends on itself')
  const code = isSize ? H2_CODE.frameSizeError : H2_CODE.protocolError
  const stream = owner.streams.get(streamId)
  if (stream === undefined) owner.fail(code, error.fault, error.message)
  else owner.failStream(stream, code, error)
}

/** RFC 9113 §6.8. */
export function takeGoaway(owner: FrameOwner, frame: Frame): void {
  const { streamId, length, bytes, start } = frame
  if (streamId !== 0 || length < LEAST_GOAWAY_BYTES) {
    const code = streamId !== 0 ? H2_CODE.protocolError : H2_CODE.frameSizeError
    owner.fail(code, 'bad_frame', 'GOAWAY on a stream, or too short')
    return
  }
  if (!owner.allows('empty_frame_flood', 'too many GOAWAY frames')) return
  owner.goaway(readWord(bytes, start) & UNRESERVED_BITS, readWord(bytes, start + WORD_BYTES))
}
