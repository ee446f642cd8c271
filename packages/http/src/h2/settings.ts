import { H2_CODE } from './error-code.ts'
import { DEFAULT_WINDOW_BYTES, MAX_PAYLOAD_BYTES, MAX_WINDOW_BYTES, SETTING } from './frame-types.ts'
import { DEFAULT_TABLE_BYTES } from './hpack/dynamic-table.ts'
import { type Payload, readWord } from './payload.ts'

const SETTING_BYTES = 6
const MAX_FRAME_SIZE = 0xff_ffff
/** What we take a server to allow before it said so. */
const ASSUMED_STREAMS = 100

/** What the other side wants of us. RFC 9113 §6.5.2. */
export class PeerSettings {
  tableBytes = DEFAULT_TABLE_BYTES
  maxConcurrentStreams = ASSUMED_STREAMS
  streamWindowBytes = DEFAULT_WINDOW_BYTES
  /** RFC 8441 §3. */
  takesExtendedConnect = false
  /** Whether the peer has said anything. */
  isKnown = false
}

/** Why SETTINGS cannot be followed. */
export interface SettingsFault {
  readonly code: number
  readonly detail: string
}

/**
 * Follows the payload of SETTINGS. Of what we do not know, nothing is said. RFC 9113 §6.5.
 *
 * @param peerRole - a server may not ask for pushes
 * @returns what is wrong with it
 */
export function readSettings(
  settings: PeerSettings,
  { bytes, start, end }: Payload,
  peerRole: 'client' | 'server',
): SettingsFault | undefined {
  if ((end - start) % SETTING_BYTES !== 0) {
    return { code: H2_CODE.frameSizeError, detail: `SETTINGS of ${end - start} octets` }
  }
  // RFC 9113 §6.5.2: without a number there is no limit.
  if (!settings.isKnown) settings.maxConcurrentStreams = MAX_WINDOW_BYTES
  settings.isKnown = true
  for (let at = start; at < end; at += SETTING_BYTES) {
    const name = (bytes[at]! << 8) | bytes[at + 1]!
    const value = readWord(bytes, at + 2)
    if (name === SETTING.enablePush && value === 1 && peerRole === 'server') return badValue('ENABLE_PUSH', value)
    const fault = readSetting(settings, name, value)
    if (fault !== undefined) return fault
  }
  return undefined
}

function readSetting(settings: PeerSettings, name: number, value: number): SettingsFault | undefined {
  switch (name) {
    case SETTING.headerTableSize:
      settings.tableBytes = value
      return undefined
    case SETTING.enablePush:
      if (value > 1) return badValue('ENABLE_PUSH', value)
      return undefined
    case SETTING.maxConcurrentStreams:
      settings.maxConcurrentStreams = value
      return undefined
    case SETTING.initialWindowSize:
      if (value > MAX_WINDOW_BYTES) {
        return { code: H2_CODE.flowControlError, detail: `INITIAL_WINDOW_SIZE of ${value}` }
      }
      settings.streamWindowBytes = value
      return undefined
    case SETTING.maxFrameSize:
      if (value < MAX_PAYLOAD_BYTES || value > MAX_FRAME_SIZE) return badValue('MAX_FRAME_SIZE', value)
      return undefined
    case SETTING.enableConnectProtocol:
      if (value > 1 || (value === 0 && settings.takesExtendedConnect)) return badValue('ENABLE_CONNECT_PROTOCOL', value)
      settings.takesExtendedConnect = value === 1
      return undefined
    default:
      return undefined
  }
}

function badValue(name: string, value: number): SettingsFault {
  return { code: H2_CODE.protocolError, detail: `${name} of ${value}` }
}
