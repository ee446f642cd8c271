/** One record, as it is kept. */
export interface KeptRecord {
  readonly startedMs: number
  /** Of the destination. */
  readonly key: string
  /** The whole record: text needs a fifth of what its objects would, and keeps nothing of the request alive. */
  readonly json: string
}

/** What a record costs beside its text. */
const OVERHEAD_BYTES = 200
/** Characters that take one octet each as long as there are no others. */
const IS_LATIN1 = /^[\0-\xff]*$/

/** The newest records, as many as the room is enough for. Nothing is allocated before the first one. */
export class RecordRing {
  readonly #maxBytes: number
  #records: Sized[] = []
  /** Those before it are gone. */
  #first = 0
  #bytes = 0

  constructor(maxBytes: number) {
    this.#maxBytes = maxBytes
  }

  get bytes(): number {
    return this.#bytes
  }

  get count(): number {
    return this.#records.length - this.#first
  }

  /** Makes room by forgetting the oldest. A record that is larger than all of the room is not kept. */
  push(record: KeptRecord): void {
    const bytes = sizeOf(record)
    if (bytes > this.#maxBytes) return
    this.#bytes += bytes
    this.#records.push({ record, bytes })
    while (this.#bytes > this.#maxBytes) this.#forget()
  }

  /** From the oldest to the newest. */
  list(): readonly KeptRecord[] {
    return this.#records.slice(this.#first).map(({ record }) => record)
  }

  #forget(): void {
    this.#bytes -= this.#records[this.#first]!.bytes
    this.#first += 1
    if (this.#first * 2 <= this.#records.length) return
    this.#records = this.#records.slice(this.#first)
    this.#first = 0
  }
}

interface Sized {
  readonly record: KeptRecord
  readonly bytes: number
}

function sizeOf({ json }: KeptRecord): number {
  return OVERHEAD_BYTES + (IS_LATIN1.test(json) ? json.length : json.length * 2)
}
