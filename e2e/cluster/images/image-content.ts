import { lstatSync, readdirSync, readlinkSync, statSync } from 'node:fs'
import { join } from 'node:path'
import type { TarMember } from './tar-archive.ts'

/** What an image is made of, from local files only. Paths are absolute, as a container sees them; of two the last one counts. */
export type ImageEntry =
  /** A file or a whole folder of this machine. */
  | { readonly kind: 'copy'; readonly from: string; readonly to: string; readonly mode?: number }
  | { readonly kind: 'text'; readonly to: string; readonly text: string; readonly mode?: number }
  | { readonly kind: 'link'; readonly to: string; readonly target: string }
  | { readonly kind: 'folder'; readonly to: string; readonly mode?: number }

/** Puts entries and the folders above them into the order of an archive. @throws {Error} where a file is missing or of an odd kind */
export function toMembers(entries: readonly ImageEntry[]): readonly TarMember[] {
  const members = new Map<string, TarMember>()
  for (const member of entries.flatMap(expand)) members.set(member.path, member)
  for (const { path } of [...members.values()]) addParents(members, path)
  return [...members.values()].sort((a, b) => (a.path < b.path ? -1 : 1))
}

function expand(entry: ImageEntry): readonly TarMember[] {
  const path = toPath(entry.to)
  if (entry.kind === 'copy') return copy(entry.from, path, entry.mode)
  if (entry.kind === 'link') return [{ kind: 'link', path, target: entry.target }]
  if (entry.kind === 'folder') return [{ kind: 'folder', path, mode: entry.mode ?? 0o755 }]
  return [{ kind: 'text', path, text: entry.text, mode: entry.mode ?? 0o644 }]
}

function copy(from: string, path: string, mode: number | undefined): readonly TarMember[] {
  // What is named itself may be a link to what is wanted (/usr/bin/which); links further down stay links.
  const found = statSync(from)
  if (found.isFile()) return [{ kind: 'file', path, source: from, mode: mode ?? found.mode & 0o777 }]
  if (!found.isDirectory()) throw new Error(`${from} is neither a file nor a folder`)
  return [{ kind: 'folder', path, mode: found.mode & 0o7777 }, ...within(from, path)]
}

function within(from: string, path: string): readonly TarMember[] {
  return readdirSync(from).flatMap((name) => {
    const source = join(from, name)
    const inner = path === '' ? name : `${path}/${name}`
    const found = lstatSync(source)
    if (found.isSymbolicLink()) return [{ kind: 'link' as const, path: inner, target: readlinkSync(source) }]
    return copy(source, inner, undefined)
  })
}

function addParents(members: Map<string, TarMember>, path: string): void {
  for (let slash = path.lastIndexOf('/'); slash > 0; slash = path.lastIndexOf('/', slash - 1)) {
    const parent = path.slice(0, slash)
    if (!members.has(parent)) members.set(parent, { kind: 'folder', path: parent, mode: 0o755 })
  }
  members.delete('')
}

function toPath(absolute: string): string {
  if (!absolute.startsWith('/')) throw new Error(`${absolute}: paths within an image start with /`)
  return absolute.slice(1).replace(/\/$/, '')
}
