import { closeSync, fstatSync, openSync, readSync } from 'node:fs'

/** One member of an archive. Owner and group are 0, the time is 1970, so that equal content makes equal archives. */
export type TarMember =
  | { readonly kind: 'file'; readonly path: string; readonly mode: number; readonly source: string }
  | { readonly kind: 'text'; readonly path: string; readonly mode: number; readonly text: string }
  /** `writeTo` gives exactly `size` octets. */
  | {
      readonly kind: 'made'
      readonly path: string
      readonly mode: number
      readonly size: number
      writeTo(sink: Sink): void
    }
  | { readonly kind: 'folder'; readonly path: string; readonly mode: number }
  | { readonly kind: 'link'; readonly path: string; readonly target: string }

/** Where octets go; they are not kept. */
export type Sink = (octets: Uint8Array) => void

const BLOCK_OCTETS = 512
const CHUNK_OCTETS = 1 << 20
const NAME_OCTETS = 100
const PREFIX_OCTETS = 155
const TYPES = { file: '0', text: '0', made: '0', link: '2', folder: '5' } as const
const EXTENDED = 'x'

/** Writes members in the order given, each before the next is asked for (POSIX.1-2001, the pax format: ustar headers, extended ones for long names). */
export function writeTar(members: Iterable<TarMember>, sink: Sink): void {
  for (const member of members) writeMember(member, sink)
  sink(new Uint8Array(2 * BLOCK_OCTETS))
}

/** How long an archive of these members is, without reading them. */
export function tarOctets(members: Iterable<TarMember>, sizeOf: (source: string) => number): number {
  let total = 2 * BLOCK_OCTETS
  for (const member of members) {
    const extended = extendedOf(member)
    if (extended !== undefined) total += BLOCK_OCTETS + padded(extended.length)
    total += BLOCK_OCTETS + padded(octetsOf(member, sizeOf))
  }
  return total
}

function octetsOf(member: TarMember, sizeOf: (source: string) => number): number {
  if (member.kind === 'file') return sizeOf(member.source)
  return member.kind === 'made' ? member.size : textOf(member).length
}

function writeMember(member: TarMember, sink: Sink): void {
  const extended = extendedOf(member)
  if (extended !== undefined) {
    sink(headerOf({ name: 'pax', mode: 0o644, size: extended.length, type: EXTENDED, target: '' }))
    sink(pad(extended))
  }
  if (member.kind === 'file') writeFile(member, sink)
  else if (member.kind === 'made') writeMade(member, sink)
  else writeText(member, sink)
}

function writeFile(member: TarMember & { kind: 'file' }, sink: Sink): void {
  const file = openSync(member.source, 'r')
  try {
    const { size } = fstatSync(file)
    sink(headerFor(member, size))
    const chunk = Buffer.allocUnsafe(CHUNK_OCTETS)
    for (let at = 0; at < size; ) {
      const count = readSync(file, chunk, 0, Math.min(CHUNK_OCTETS, size - at), at)
      if (count === 0) throw new Error(`${member.source} became shorter while it was read`)
      sink(chunk.subarray(0, count))
      at += count
    }
    sink(new Uint8Array(padded(size) - size))
  } finally {
    closeSync(file)
  }
}

function writeText(member: TarMember, sink: Sink): void {
  const text = textOf(member)
  sink(headerFor(member, text.length))
  if (text.length > 0) sink(pad(text))
}

function writeMade(member: TarMember & { kind: 'made' }, sink: Sink): void {
  sink(headerFor(member, member.size))
  let written = 0
  member.writeTo((octets) => {
    written += octets.length
    sink(octets)
  })
  if (written !== member.size) throw new Error(`${member.path}: ${written} octets in place of ${member.size}`)
  sink(new Uint8Array(padded(written) - written))
}

interface Header {
  readonly name: string
  readonly mode: number
  readonly size: number
  readonly type: string
  readonly target: string
}

function headerFor(member: TarMember, size: number): Buffer {
  const target = member.kind === 'link' ? member.target : ''
  const mode = member.kind === 'link' ? 0o777 : member.mode
  return headerOf({ name: nameOf(member), mode, size, type: TYPES[member.kind], target })
}

function headerOf({ name, mode, size, type, target }: Header): Buffer {
  const header = Buffer.alloc(BLOCK_OCTETS)
  const { prefix, rest } = splitName(name)
  header.write(rest, 0, NAME_OCTETS)
  header.write(octal(mode, 7), 100)
  header.write(octal(0, 7), 108)
  header.write(octal(0, 7), 116)
  header.write(octal(size, 11), 124)
  header.write(octal(0, 11), 136)
  header.write(' '.repeat(8), 148)
  header.write(type, 156)
  header.write(target, 157, NAME_OCTETS)
  header.write('ustar\x0000', 257, 'latin1')
  header.write(prefix, 345, PREFIX_OCTETS)
  const sum = header.reduce((total, octet) => total + octet, 0)
  header.write(`${octal(sum, 6)}\0 `, 148, 'latin1')
  return header
}

/** Where a name is too long for one field, a slash parts it into two. */
function splitName(name: string): { readonly prefix: string; readonly rest: string } {
  if (Buffer.byteLength(name) <= NAME_OCTETS) return { prefix: '', rest: name }
  for (let slash = name.indexOf('/'); slash > 0; slash = name.indexOf('/', slash + 1)) {
    const [prefix, rest] = [name.slice(0, slash), name.slice(slash + 1)]
    if (rest !== '' && Buffer.byteLength(prefix) <= PREFIX_OCTETS && Buffer.byteLength(rest) <= NAME_OCTETS) {
      return { prefix, rest }
    }
  }
  return { prefix: '', rest: Buffer.from(name).subarray(0, NAME_OCTETS).toString('latin1') }
}

function extendedOf(member: TarMember): Buffer | undefined {
  const name = nameOf(member)
  const { prefix, rest } = splitName(name)
  const fits = name === (prefix === '' ? rest : `${prefix}/${rest}`)
  const target = member.kind === 'link' ? member.target : ''
  const records = [
    ...(fits ? [] : [record('path', name)]),
    ...(Buffer.byteLength(target) <= NAME_OCTETS ? [] : [record('linkpath', target)]),
  ]
  return records.length === 0 ? undefined : Buffer.from(records.join(''))
}

/** "LENGTH KEY=VALUE\n", where LENGTH counts itself. */
function record(key: string, value: string): string {
  const rest = ` ${key}=${value}\n`
  let length = Buffer.byteLength(rest)
  while (length < Buffer.byteLength(rest) + String(length).length) length += 1
  return `${length}${rest}`
}

function nameOf(member: TarMember): string {
  return member.kind === 'folder' ? `${member.path}/` : member.path
}

function textOf(member: TarMember): Buffer {
  return Buffer.from(member.kind === 'text' ? member.text : '')
}

function octal(value: number, digits: number): string {
  return value.toString(8).padStart(digits, '0')
}

function padded(octets: number): number {
  return Math.ceil(octets / BLOCK_OCTETS) * BLOCK_OCTETS
}

function pad(octets: Uint8Array): Buffer {
  return Buffer.concat([octets, new Uint8Array(padded(octets.length) - octets.length)])
}
