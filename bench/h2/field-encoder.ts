/** A field to be sent; the same object each time, so that it is found without a comparison. */
export interface Field {
  readonly name: string
  readonly value: string
}

/** Where the dynamic table begins (RFC 7541, section 2.3.3). */
const FIRST_DYNAMIC = 62
const INDEXED = 0x80
const WITH_INDEXING = 0x40
const WITHOUT_INDEXING = 0
const SIZE_UPDATE_TO_0 = 0x20
/** Largest index and length of one octet. Everything here is shorter. */
const MOST_IN_7_BITS = 126
/** What a peer's table holds unless it says otherwise. */
const DEFAULT_TABLE_BYTES = 4096

/**
 * HPACK as far as it is needed by an end that says always the same: each field is put into the dynamic table once and is one octet
 * from then on, as with the encoders of real servers. The fields of one connection must fit into 4096 octets together.
 */
export class FieldEncoder {
  readonly #insertedAs = new Map<Field, number>()
  /** Blocks made since the last insertion: those are as good the next time. */
  readonly #blocks = new Map<readonly Field[], Buffer>()
  #mayIndex = true
  #mustSayEmpty = false

  /** The peer's SETTINGS_HEADER_TABLE_SIZE, before the first block. Less than usual: nothing is put into its table. */
  setPeerTableBytes(count: number): void {
    if (count >= DEFAULT_TABLE_BYTES) return
    this.#mayIndex = false
    this.#mustSayEmpty = true
  }

  /** A whole header block; the same array each time for the same fields. */
  encode(fields: readonly Field[]): Buffer {
    const known = this.#blocks.get(fields)
    if (known !== undefined) return known
    const insertions = this.#insertedAs.size
    const block = Buffer.concat(fields.map((field) => this.#encodeField(field)))
    if (this.#insertedAs.size !== insertions) this.#blocks.clear()
    else if (!this.#mustSayEmpty) this.#blocks.set(fields, block)
    if (!this.#mustSayEmpty) return block
    this.#mustSayEmpty = false
    return Buffer.concat([Buffer.from([SIZE_UPDATE_TO_0]), block])
  }

  #encodeField(field: Field): Buffer {
    const fixed = STATIC[`${field.name}: ${field.value}`]
    if (fixed !== undefined) return Buffer.from([INDEXED | fixed])
    if (!this.#mayIndex) return formatLiteral(WITHOUT_INDEXING, field)
    const insertion = this.#insertedAs.get(field)
    if (insertion !== undefined) {
      return Buffer.from([INDEXED | (FIRST_DYNAMIC + this.#insertedAs.size - 1 - insertion)])
    }
    this.#insertedAs.set(field, this.#insertedAs.size)
    return formatLiteral(WITH_INDEXING, field)
  }
}

/** Those of RFC 7541, appendix A, that are sent here. */
const STATIC: Readonly<Record<string, number>> = {
  ':method: GET': 2,
  ':method: POST': 3,
  ':scheme: http': 6,
  ':scheme: https': 7,
  ':status: 200': 8,
}

function formatLiteral(first: number, { name, value }: Field): Buffer {
  return Buffer.concat([Buffer.from([first]), formatText(name), formatText(value)])
}

function formatText(text: string): Buffer {
  if (text.length > MOST_IN_7_BITS) throw new RangeError(`too long a text for the benchmark: ${text}`)
  return Buffer.concat([Buffer.from([text.length]), Buffer.from(text, 'latin1')])
}
