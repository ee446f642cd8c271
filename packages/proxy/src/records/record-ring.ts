import { Buffer } from 'node:buffer'

/** One record, as it is kept. */
export interface KeptRecord {
  readonly startedMs: number
  /** Of the destination. */
  readonly key: string
  /** The whole record: text needs a fifth of what its objects would, and keeps nothing of the request alive. */
  readonly json: string
}

/** Before each record: when it began, and the octets of its key and of its text. */
const HEAD_BYTES = 16
const KEY_BYTES_AT = 8
const JSON_BYTES_AT = 12
/** Room for some five records. */
const FIRST_BYTES = 4096

/**
 * The newest records, as many as the room is enough for. Nothing is allocated before the first one.
 *
 * They lie one after the other in one piece of memory, which grows with them. Objects of their own, made amid requests, would each
 * hold several pages that could be given back once the load is over: 46 records took 0.6 MB in the heap alone (`bench/memory.ts`).
 */
export class RecordRing {
  readonly #maxBytes: number
  #memory = Buffer.alloc(0)
  /** Where the oldest begins. What does not fit behind the newest goes on at the beginning. */
  #start = 0
  #bytes = 0
  #count = 0

  constructor(maxBytes: number) {
    this.#maxBytes = Math.floor(maxBytes)
  }

  get bytes(): number {
    return this.#bytes
  }

  get count(): number {
    return this.#count
  }

  /** Makes room by forgetting the oldest. A record that is larger than all of the room is not kept. */
  push(record: KeptRecord): void {
    const written = writeRecord(record)
    if (written.length > this.#maxBytes) return
    while (this.#bytes + written.length > this.#maxBytes) this.#forget()
    this.#grow(this.#bytes + written.length)
    const end = (this.#start + this.#bytes) % this.#memory.length
    const fitting = written.copy(this.#memory, end)
    written.copy(this.#memory, 0, fitting)
    this.#bytes += written.length
    this.#count += 1
  }

  /** From the oldest to the newest. */
  list(): readonly KeptRecord[] {
    const all = this.#read(this.#bytes)
    const records: KeptRecord[] = []
    for (let at = 0; at < all.length; at += recordBytes(all, at)) records.push(readRecord(all, at))
    return records
  }

  #forget(): void {
    const bytes = recordBytes(this.#read(HEAD_BYTES), 0)
    this.#start = (this.#start + bytes) % this.#memory.length
    this.#bytes -= bytes
    this.#count -= 1
  }

  #grow(wanted: number): void {
    if (wanted <= this.#memory.length) return
    let size = Math.max(FIRST_BYTES, this.#memory.length)
    while (size < wanted) size *= 2
    const memory = Buffer.allocUnsafeSlow(Math.min(size, this.#maxBytes))
    this.#read(this.#bytes).copy(memory)
    this.#memory = memory
    this.#start = 0
  }

  /** A copy of the oldest octets. */
  #read(count: number): Buffer {
    const copy = Buffer.allocUnsafe(count)
    const fitting = this.#memory.copy(copy, 0, this.#start)
    this.#memory.copy(copy, fitting)
    return copy
  }
}

function writeRecord({ startedMs, key, json }: KeptRecord): Buffer {
  const [keyBytes, jsonBytes] = [Buffer.byteLength(key), Buffer.byteLength(json)]
  const bytes = Buffer.allocUnsafe(HEAD_BYTES + keyBytes + jsonBytes)
  bytes.writeDoubleLE(startedMs, 0)
  bytes.writeUInt32LE(keyBytes, KEY_BYTES_AT)
  bytes.writeUInt32LE(jsonBytes, JSON_BYTES_AT)
  bytes.write(key, HEAD_BYTES)
  bytes.write(json, HEAD_BYTES + keyBytes)
  return bytes
}

function readRecord(bytes: Buffer, at: number): KeptRecord {
  const keyAt = at + HEAD_BYTES
  const jsonAt = keyAt + bytes.readUInt32LE(at + KEY_BYTES_AT)
  const end = jsonAt + bytes.readUInt32LE(at + JSON_BYTES_AT)
  return {
    startedMs: bytes.readDoubleLE(at),
    key: bytes.toString('utf8', keyAt, jsonAt),
    json: bytes.toString('utf8', jsonAt, end),
  }
}

/** Of the record that begins there. */
function recordBytes(bytes: Buffer, at: number): number {
  return HEAD_BYTES + bytes.readUInt32LE(at + KEY_BYTES_AT) + bytes.readUInt32LE(at + JSON_BYTES_AT)
}
