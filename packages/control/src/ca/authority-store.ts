import { join } from 'node:path'
import { CaError } from './ca-error.ts'
import { createPrivateFile, ensurePrivateDirectory, readPrivateFile, replacePrivateFile } from './private-file.ts'

/** The two of an authority: the root signs the issuer, the issuer signs workloads. */
export type AuthorityPart = 'root' | 'issuer'

/**
 * Where the texts of an authority are kept: of each part its certificate and its key, PEM. Several control planes may use
 * one at once.
 */
export interface AuthorityStore {
  /** What is named to a person who has to repair it: a file, the key of a Secret. */
  placeOf(part: AuthorityPart): string
  /** `undefined`: there is none yet. */
  read(part: AuthorityPart): Promise<string | undefined>
  /** Keeps `text` unless another was quicker; resolves with what is kept. */
  create(part: AuthorityPart, text: string): Promise<string>
  /** Keeps `text` in place of `before`; resolves with what is kept, which is another's text where that one was quicker. */
  replace(part: AuthorityPart, before: string, text: string): Promise<string>
}

/** Files `root.pem` and `issuer.pem` of a directory that only its owner can read. */
export function directoryStore(dir: string): AuthorityStore {
  const fileOf = (part: AuthorityPart) => join(dir, `${part}.pem`)
  return {
    placeOf: fileOf,
    async read(part) {
      await ensurePrivateDirectory(dir)
      return await readPrivateFile(fileOf(part))
    },
    async create(part, text) {
      const file = fileOf(part)
      if (await createPrivateFile(file, text)) return text
      const theirs = await readPrivateFile(file)
      if (theirs === undefined) throw new CaError(`${file}: removed while it was being made`)
      return theirs
    },
    async replace(part, _before, text) {
      // One control plane at a time has the lock of the state directory.
      await replacePrivateFile(fileOf(part), text)
      return text
    },
  }
}
