import { Buffer } from 'node:buffer'
import { isAllOf, type Latin1Buffer, LOWER_CASE, SPACE, TAB, TOKEN, toLatin1Buffer, VALUE } from '../octets.ts'
import type { Fields } from './fields.ts'
import type { ReceivedOctets } from './received-octets.ts'

/** A field line within octets that were received, without its end. */
export interface Line {
  bytes: Uint8Array
  start: number
  end: number
}

const NOTHING: ReceivedOctets = { bytes: Buffer.alloc(0), base: 0, size: 0 }

/**
 * Fields as lines that were received, and lines that were added since. Names and values of received lines become strings when
 * asked for; what was not touched is written on as it came, with its case and its order.
 */
export class FieldLines implements Fields {
  readonly #bytes: Latin1Buffer
  readonly #base: number
  /**
   * Three numbers a line: start, colon and end (of CR), relative to `#base`. Of an added line: minus its number less one, 0, 0.
   */
  readonly #lines: number[]
  /** Name and value of each added line, one after the other. */
  #added: string[] | undefined
  #isTouched = false

  /**
   * @param received - not written to as long as the fields live; left out where nothing was received
   * @param lines - checked lines of it, three numbers each (start, colon, end); now owned by the fields
   */
  constructor({ bytes, base }: ReceivedOctets = NOTHING, lines: number[] = []) {
    this.#bytes = toLatin1Buffer(bytes)
    this.#base = base
    this.#lines = lines
  }

  /** Whether a line was set, added or removed since the lines were received. */
  get isTouched(): boolean {
    return this.#isTouched
  }

  get count(): number {
    return this.#lines.length / 3
  }

  nameAt(index: number): string {
    const start = this.#lines[index * 3]!
    if (start < 0) return this.#added![(-1 - start) * 2]!
    return this.#slice(start, this.#lines[index * 3 + 1]!).toLowerCase()
  }

  valueAt(index: number): string {
    const start = this.#lines[index * 3]!
    if (start < 0) return this.#added![(-1 - start) * 2 + 1]!
    const base = this.#base
    const end = base + this.#lines[index * 3 + 2]!
    const from = skipBlanks(this.#bytes, base + this.#lines[index * 3 + 1]! + 1, end)
    return this.#bytes.latin1Slice(from, trimBlanks(this.#bytes, from, end))
  }
  get(name: string): string | undefined {
    const index = this.#find(name, 0)
    return index === -1 ? undefined : this.valueAt(index)
  }

  getAll(name: string): readonly string[] {
    const values: string[] = []
    for (let at = this.#find(name, 0); at !== -1; at = this.#find(name, at + 1)) values.push(this.valueAt(at))
    return values
  }

  has(name: string): boolean {
    return this.#find(name, 0) !== -1
  }

  set(name: string, value: string): void {
    const first = this.#find(name, 0)
    if (first === -1) {
      this.append(name, value)
      return
    }
    this.#removeFrom(first + 1, name)
    this.#lines[first * 3] = this.#add(name, value)
    this.#lines[first * 3 + 1] = 0
    this.#lines[first * 3 + 2] = 0
  }

  /** Fills in where the line is among the octets that were received. @returns false when it was added since */
  locate(index: number, line: Line): boolean {
    const start = this.#lines[index * 3]!
    if (start < 0) return false
    line.bytes = this.#bytes
    line.start = this.#base + start
    line.end = this.#base + this.#lines[index * 3 + 2]!
    return true
  }

  append(name: string, value: string): void {
    this.#lines.push(this.#add(name, value), 0, 0)
  }

  remove(name: string): void {
    this.#removeFrom(0, name)
  }

  /**
   * All lines with their ends, ready to be written.
   *
   * @param mayWrite - asked for the names of added lines only; the owner of `lines` has left out the received ones
   */
  format(mayWrite: (name: string) => boolean): string {
    const lines = this.#lines
    let text = ''
    let runStart = 0
    let runEnd = 0
    for (let i = 0; i < lines.length; i += 3) {
      const start = lines[i]!
      if (start >= 0 && start === runEnd) {
        runEnd = lines[i + 2]! + 2
        continue
      }
      if (runEnd > runStart) text += this.#slice(runStart, runEnd)
      runStart = start
      runEnd = start < 0 ? start : lines[i + 2]! + 2
      if (start < 0) text += this.#formatAdded(-1 - start, mayWrite)
    }
    return runEnd > runStart ? text + this.#slice(runStart, runEnd) : text
  }

  #slice(start: number, end: number): string {
    return this.#bytes.latin1Slice(this.#base + start, this.#base + end)
  }

  #formatAdded(number: number, mayWrite: (name: string) => boolean): string {
    const name = this.#added![number * 2]!
    return mayWrite(name) ? `${name}: ${this.#added![number * 2 + 1]}\r\n` : ''
  }

  #add(name: string, value: string): number {
    checkFieldLine(name, value)
    this.#isTouched = true
    this.#added ??= []
    this.#added.push(name, value)
    return -this.#added.length / 2
  }

  #find(name: string, from: number): number {
    const lines = this.#lines
    for (let i = from * 3; i < lines.length; i += 3) {
      const start = lines[i]!
      const isSame =
        start < 0
          ? this.#added![(-1 - start) * 2] === name
          : lines[i + 1]! - start === name.length && isNameAt(this.#bytes, this.#base + start, name)
      if (isSame) return i / 3
    }
    return -1
  }

  #removeFrom(from: number, name: string): void {
    for (let at = this.#find(name, from); at !== -1; at = this.#find(name, at)) {
      this.#isTouched = true
      this.#lines.splice(at * 3, 3)
    }
  }
}

/** Whether the octets at `start`, of which there are enough, are `name`, which is in lower case. */
export function isNameAt(bytes: Uint8Array, start: number, name: string): boolean {
  for (let i = 0; i < name.length; i++) {
    if (LOWER_CASE[bytes[start + i]!] !== name.charCodeAt(i)) return false
  }
  return true
}

/** Where the whitespace ends that begins at `from`. RFC 9112 §5. */
export function skipBlanks(bytes: Uint8Array, from: number, to: number): number {
  let start = from
  while (start < to && isBlank(bytes[start]!)) start++
  return start
}

/** Where the whitespace begins that ends at `to`. */
export function trimBlanks(bytes: Uint8Array, from: number, to: number): number {
  let end = to
  while (end > from && isBlank(bytes[end - 1]!)) end--
  return end
}

/** Whether `value` may be that of a field: no octets that none may have, and none of the whitespace around it that is not part of it. */
export function isFieldValue(value: string): boolean {
  if (value === '') return true
  return isAllOf(value, VALUE) && !isBlank(value.charCodeAt(0)) && !isBlank(value.charCodeAt(value.length - 1))
}

function isBlank(code: number): boolean {
  return code === SPACE || code === TAB
}

/** @throws {RangeError} when a message with this line would not be read back as this line */
export function checkFieldLine(name: string, value: string): void {
  if (!isAllOf(name, TOKEN) || name !== name.toLowerCase()) {
    throw new RangeError(`field name ${JSON.stringify(name)} is not a token in lower case`)
  }
  if (!isFieldValue(value)) throw new RangeError(`the value of field ${name} has octets that no field may have there`)
}
