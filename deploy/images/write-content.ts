import { chmodSync, copyFileSync, mkdirSync, rmSync, symlinkSync, writeFileSync } from 'node:fs'
import { dirname, join } from 'node:path'
import { type ImageEntry, toMembers } from '../../e2e/cluster/images/image-content.ts'

/**
 * Writes what an image is made of as a folder, for a Dockerfile to copy: the same that `packImage` puts into an archive.
 *
 * @param folder - what is in it is replaced
 * @throws {Error} where an entry cannot be read
 */
export function writeContent(entries: readonly ImageEntry[], folder: string): void {
  rmSync(folder, { recursive: true, force: true })
  mkdirSync(folder, { recursive: true })
  for (const member of toMembers(entries)) {
    const path = join(folder, member.path)
    mkdirSync(dirname(path), { recursive: true })
    switch (member.kind) {
      case 'folder':
        mkdirSync(path, { recursive: true })
        chmodSync(path, member.mode)
        break
      case 'link':
        symlinkSync(member.target, path)
        break
      case 'file':
        copyFileSync(member.source, path)
        chmodSync(path, member.mode)
        break
      case 'text':
        writeFileSync(path, member.text, { mode: member.mode })
        break
      case 'made':
        throw new Error(`${member.path}: only archives are made`)
    }
  }
}
