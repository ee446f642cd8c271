import { execFileSync } from 'node:child_process'
import { readdirSync, realpathSync } from 'node:fs'
import { join } from 'node:path'
import type { ImageEntry } from './image-content.ts'

/** Of a Debian where /bin, /sbin and /lib are links into /usr, so that a program finds its loader and libraries at either path. */
export const MERGED_USR: readonly ImageEntry[] = ['bin', 'sbin', 'lib', 'lib64'].map((name) => ({
  kind: 'link',
  to: `/${name}`,
  target: `usr/${name}`,
}))

/** A program of this machine at its own path, with the loader and the libraries that it needs. @throws {Error} where it is missing */
export function hostProgram(path: string): readonly ImageEntry[] {
  return [copyOf(path), ...librariesOf(path)]
}

/** A folder of libraries that a program opens by itself, with what those need. */
export function hostLibraries(folder: string): readonly ImageEntry[] {
  const needed = readdirSync(folder).flatMap((name) => librariesOf(join(folder, name)))
  return [{ kind: 'copy', from: folder, to: withinUsr(folder) }, ...needed]
}

/** Lines of ldd are "NAME => PATH (ADDRESS)", of the loader "PATH (ADDRESS)". It ends with an error for a static program. */
function librariesOf(path: string): readonly ImageEntry[] {
  try {
    const text = execFileSync('ldd', [path], { encoding: 'utf8', stdio: ['ignore', 'pipe', 'ignore'] })
    return [...text.matchAll(/(?:=> |^\s+)(\/\S+) \(0x/gm)].map(([, library = '']) => copyOf(library))
  } catch {
    return []
  }
}

function copyOf(path: string): ImageEntry {
  return { kind: 'copy', from: realpathSync(path), to: withinUsr(path), mode: 0o755 }
}

function withinUsr(path: string): string {
  return /^\/(bin|sbin|lib|lib64)\//.test(path) ? `/usr${path}` : path
}
