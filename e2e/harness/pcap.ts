/** The octets that one side of a TCP connection sent, in order; from its SYN on. */
export interface TcpStream {
  /** `IP:PORT>IP:PORT` */
  readonly name: string
  readonly octets: Buffer
}

const FILE_HEAD_OCTETS = 24
const RECORD_HEAD_OCTETS = 16
const LINKTYPE_ETHERNET = 1
const PROTOCOL_TCP = 6

interface Segment {
  readonly flow: string
  readonly sequence: number
  readonly isSyn: boolean
  readonly payload: Buffer
}

/**
 * Puts together the TCP streams of a capture file (pcap, little-endian, Ethernet). Streams whose beginning was not
 * captured are left out.
 *
 * @throws {RangeError} when the file is of another kind
 */
export function readTcpStreams(capture: Buffer): readonly TcpStream[] {
  if (capture.readUInt32LE(0) !== 0xa1b2c3d4 || capture.readUInt32LE(20) !== LINKTYPE_ETHERNET) {
    throw new RangeError('expected a little-endian pcap file of Ethernet')
  }
  const flows = new Map<string, Segment[]>()
  for (const segment of readSegments(capture)) {
    const flow = flows.get(segment.flow)
    if (flow === undefined) flows.set(segment.flow, [segment])
    else flow.push(segment)
  }
  return [...flows].flatMap(([name, segments]) => joinSegments(name, segments))
}

function* readSegments(capture: Buffer): Iterable<Segment> {
  for (let at = FILE_HEAD_OCTETS; at + RECORD_HEAD_OCTETS <= capture.length; ) {
    const length = capture.readUInt32LE(at + 8)
    const frame = capture.subarray(at + RECORD_HEAD_OCTETS, at + RECORD_HEAD_OCTETS + length)
    at += RECORD_HEAD_OCTETS + length
    const segment = readFrame(frame)
    if (segment !== undefined) yield segment
  }
}

function readFrame(frame: Buffer): Segment | undefined {
  const etherType = frame.readUInt16BE(12)
  const packet = frame.subarray(14)
  if (etherType === 0x0800 && packet[9] === PROTOCOL_TCP) {
    const headOctets = (packet[0]! & 15) * 4
    const ends = [dotted(packet.subarray(12, 16)), dotted(packet.subarray(16, 20))] as const
    return readTcp(packet.subarray(headOctets, packet.readUInt16BE(2)), ends)
  }
  if (etherType === 0x86dd && packet[6] === PROTOCOL_TCP) {
    const ends = [packet.toString('hex', 8, 24), packet.toString('hex', 24, 40)] as const
    return readTcp(packet.subarray(40, 40 + packet.readUInt16BE(4)), ends)
  }
  return undefined
}

function readTcp(segment: Buffer, [source, destination]: readonly [string, string]): Segment {
  const headOctets = (segment[12]! >> 4) * 4
  return {
    flow: `${source}:${segment.readUInt16BE(0)}>${destination}:${segment.readUInt16BE(2)}`,
    sequence: segment.readUInt32BE(4),
    isSyn: (segment[13]! & 2) !== 0,
    payload: segment.subarray(headOctets),
  }
}

function joinSegments(name: string, segments: readonly Segment[]): readonly TcpStream[] {
  const syn = segments.find((segment) => segment.isSyn)
  if (syn === undefined) return []
  const pieces = segments
    .filter((segment) => segment.payload.length > 0)
    .map((segment) => ({ offset: (segment.sequence - syn.sequence - 1) >>> 0, payload: segment.payload }))
    .sort((a, b) => a.offset - b.offset)
  const octets: Buffer[] = []
  let length = 0
  for (const { offset, payload } of pieces) {
    if (offset > length) break
    const fresh = payload.subarray(Math.min(payload.length, length - offset))
    octets.push(fresh)
    length += fresh.length
  }
  return [{ name, octets: Buffer.concat(octets) }]
}

function dotted(octets: Buffer): string {
  return octets.join('.')
}
