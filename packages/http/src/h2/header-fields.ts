import type { Fields } from '../message/fields.ts'
import { entryOf } from './hpack/entry-cache.ts'
import type { HeaderEntry } from './hpack/header-entry.ts'

/** Fields as entries of HPACK: passed on to another HTTP/2 connection, no string of them is made or looked at. */
export class HeaderFields implements Fields {
  readonly #entries: HeaderEntry[]
  /** Where the fields begin, behind the pseudo-headers. */
  readonly #first: number

  /** @param entries - now owned by the fields; those before `first` are none of them */
  constructor(entries: HeaderEntry[], first = 0) {
    this.#entries = entries
    this.#first = first
  }

  get count(): number {
    return this.#entries.length - this.#first
  }

  entryAt(index: number): HeaderEntry {
    return this.#entries[this.#first + index]!
  }

  nameAt(index: number): string {
    return this.entryAt(index).name
  }

  valueAt(index: number): string {
    return this.entryAt(index).value
  }

  get(name: string): string | undefined {
    const at = this.#find(name, this.#first)
    return at === -1 ? undefined : this.#entries[at]!.value
  }

  getAll(name: string): readonly string[] {
    const values: string[] = []
    for (let at = this.#find(name, this.#first); at !== -1; at = this.#find(name, at + 1)) {
      values.push(this.#entries[at]!.value)
    }
    return values
  }

  has(name: string): boolean {
    return this.#find(name, this.#first) !== -1
  }

  set(name: string, value: string): void {
    const at = this.#find(name, this.#first)
    if (at === -1) {
      this.append(name, value)
      return
    }
    this.#entries[at] = fieldOf(name, value)
    this.#removeFrom(at + 1, name)
  }

  append(name: string, value: string): void {
    this.#entries.push(fieldOf(name, value))
  }

  format(mayWrite: (name: string) => boolean): string {
    const entries = this.#entries
    let text = ''
    for (let at = this.#first; at < entries.length; at++) {
      const entry = entries[at]!
      if (mayWrite(entry.name)) text += entry.line
    }
    return text
  }

  remove(name: string): void {
    this.#removeFrom(this.#first, name)
  }

  #find(name: string, from: number): number {
    const entries = this.#entries
    for (let at = from; at < entries.length; at++) if (entries[at]!.name === name) return at
    return -1
  }

  /** All in one pass: a field may come in as many lines as the peer likes. */
  #removeFrom(from: number, name: string): void {
    const entries = this.#entries
    let kept = from
    for (let at = from; at < entries.length; at++) {
      const entry = entries[at]!
      if (entry.name !== name) entries[kept++] = entry
    }
    entries.length = kept
  }
}

function fieldOf(name: string, value: string): HeaderEntry {
  const entry = entryOf(name, value)
  if (entry.header.isPseudo) throw new RangeError(`a field with the name ${JSON.stringify(name)} of a pseudo-header`)
  return entry
}
