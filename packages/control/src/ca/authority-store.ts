import { rm } from 'node:fs/promises'
import { join } from 'node:path'
import { codeOf } from '@heddle/base/code-of'
import { CaError } from './ca-error.ts'
import {
  createPrivateFile,
  ensurePrivateDirectory,
  readPrivateFile,
  replacePrivateFile,
  requirePrivateDirectory,
  syncDirectory,
} from './private-file.ts'

/**
 * What of an authority is kept: the root signs the issuer, the issuer signs workloads. While the root is changed there are those
 * that come next, or the certificate of the one that is on its way out, and a record of how far the change has come.
 */
export type AuthorityPart = 'root' | 'issuer' | 'next-root' | 'next-issuer' | 'former-root' | 'rotation'

/** The texts that there are. Of authorities: the certificate and its key, PEM. */
export type AuthorityTexts = Readonly<Partial<Record<AuthorityPart, string>>>

/** Texts to be kept, `undefined` for those to be removed; in the order in which that is to be done where it cannot be done at once. */
export type AuthorityChange = Readonly<Partial<Record<AuthorityPart, string | undefined>>>

/** Where the texts of an authority are kept. Several control planes may use one at once. */
export interface AuthorityStore {
  /** What is named to a person who has to repair it: a file, the key of a Secret. */
  placeOf(part: AuthorityPart): string
  /**
   * Changes what is there. Nothing that another has written meanwhile is overwritten: `decide` is asked again then, with what is there now.
   *
   * @param decide - what to change of what it is given; nothing where nothing is to be written
   * @returns what is there afterwards
   */
  change(decide: DecideChange): Promise<AuthorityTexts>
}

/** See {@link AuthorityStore.change}. */
export type DecideChange = (present: AuthorityTexts) => AuthorityChange | Promise<AuthorityChange>

/** All parts, each after those without which it would say nothing. */
export const AUTHORITY_PARTS: readonly AuthorityPart[] = [
  'root',
  'issuer',
  'next-root',
  'next-issuer',
  'former-root',
  'rotation',
]

/** Name of a part's file, and of its key in a Secret. */
export function fileNameOf(part: AuthorityPart): string {
  return part === 'rotation' ? 'rotation.json' : `${part}.pem`
}

/** What texts become by a change. */
export function changed(texts: AuthorityTexts, change: AuthorityChange): AuthorityTexts {
  const all = Object.entries({ ...texts, ...change })
  return Object.fromEntries(all.filter(([, text]) => text !== undefined)) as AuthorityTexts
}

/** Files of a directory that only its owner can read. Each appears and is replaced whole; a crash may come between two of them. */
export function directoryStore(dir: string): AuthorityStore {
  const fileOf = (part: AuthorityPart) => join(dir, fileNameOf(part))
  return {
    placeOf: fileOf,
    async change(decide) {
      for (;;) {
        const present = await readAll(dir, fileOf)
        const change = await decide(present)
        if (await writeAll({ dir, fileOf, present }, change)) return changed(present, change)
      }
    },
  }
}

type FileOf = (part: AuthorityPart) => string

async function readAll(dir: string, fileOf: FileOf): Promise<AuthorityTexts> {
  if (!(await requirePrivateDirectory(dir))) return {}
  const texts: Partial<Record<AuthorityPart, string>> = {}
  // The other way round than it is written: who finds an issuer finds its root, also while another makes both.
  for (const part of [...AUTHORITY_PARTS].reverse()) {
    const text = await readPrivateFile(fileOf(part))
    if (text !== undefined) texts[part] = text
  }
  return texts
}

interface Written {
  readonly dir: string
  readonly fileOf: FileOf
  readonly present: AuthorityTexts
}

/** @returns whether nobody else was quicker in making a file; what is there already only the one changes who has the lock of the state directory */
async function writeAll({ dir, fileOf, present }: Written, change: AuthorityChange): Promise<boolean> {
  const entries = Object.entries(change) as [AuthorityPart, string | undefined][]
  const due = entries.filter(([part, text]) => present[part] !== text)
  if (due.length > 0) await ensurePrivateDirectory(dir)
  for (const [part, text] of due) {
    if (text === undefined) await removeFile(fileOf(part))
    else if (present[part] !== undefined) await replacePrivateFile(fileOf(part), text)
    else if (!(await createPrivateFile(fileOf(part), text))) return false
  }
  if (due.length > 0) await syncDirectory(dir)
  return true
}

async function removeFile(file: string): Promise<void> {
  await rm(file).catch((error: unknown) => {
    if (codeOf(error) !== 'ENOENT') throw new CaError(`${file} cannot be removed`, { cause: error })
  })
}
