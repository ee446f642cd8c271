import { execFileSync } from 'node:child_process'
import { lstatSync, readFileSync, readlinkSync } from 'node:fs'
import { join } from 'node:path'
import type { Tree } from './fingerprint-parts.ts'

/** The files below `root` that git follows, or would: as they lie there now, not as they were committed. None where there is no git. */
export function readTree(root: string): Tree {
  const tree = new Map<string, Buffer>()
  for (const path of listFiles(root)) {
    const stats = lstatSync(join(root, path), { throwIfNoEntry: false })
    if (stats?.isFile()) tree.set(path, readFileSync(join(root, path)))
    else if (stats?.isSymbolicLink()) tree.set(path, Buffer.from(readlinkSync(join(root, path))))
  }
  return tree
}

function listFiles(root: string): readonly string[] {
  const args = ['ls-files', '-z', '--cached', '--others', '--exclude-standard']
  try {
    const listed = execFileSync('git', args, { cwd: root, stdio: ['ignore', 'pipe', 'ignore'], maxBuffer: 64 << 20 })
    return listed.toString().split('\0').filter(Boolean)
  } catch {
    return []
  }
}
