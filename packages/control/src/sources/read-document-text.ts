import { readFile } from 'node:fs/promises'
import { formatRef } from '@heddle/api/kinds'
import type { ObjectRef } from '@heddle/api/kinds/meta'
import { splitDocuments } from '@heddle/api/manifest/split-documents'

/**
 * The document that defines an object, as its file has it now; empty where there is none of its own.
 *
 * @param file - empty: not known
 */
export async function readDocumentText(file: string, ref: ObjectRef): Promise<string> {
  if (file === '') return ''
  const text = await readFile(file, 'utf8').catch(() => '')
  const key = formatRef(ref)
  const own = splitDocuments(text).find(({ refs, isList }) => !isList && refs.some((one) => formatRef(one) === key))
  return own === undefined ? '' : text.slice(own.start, own.end)
}
