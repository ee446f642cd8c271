import { Buffer } from 'node:buffer'
import type { OctetSink } from '../src/h2/hpack/octet-sink.ts'
import type { Latin1Buffer } from '../src/octets.ts'

/** Has exactly the room that was asked for, so that writing more is found out: it would be lost. */
export class GrowingSink implements OctetSink {
  bytes = Buffer.alloc(0) as Latin1Buffer
  position = 0

  ensure(count: number): void {
    const bytes = Buffer.alloc(this.position + count) as Latin1Buffer
    bytes.set(this.bytes.subarray(0, this.position))
    this.bytes = bytes
  }

  /** What was written since the last time. */
  take(): Buffer {
    if (this.position > this.bytes.length) throw new Error(`${this.position} octets in a room of ${this.bytes.length}`)
    const taken = Buffer.from(this.bytes.subarray(0, this.position))
    this.bytes = Buffer.alloc(0) as Latin1Buffer
    this.position = 0
    return taken
  }
}
