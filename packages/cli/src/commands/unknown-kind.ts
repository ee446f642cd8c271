import { nearest } from '@heddle/api/manifest/nearest'
import { CliError } from '../cli-error.ts'

/**
 * For a word that stands for no kind, with the one that was probably meant.
 *
 * @param words - all that stand for a kind
 * @param hints - what there is
 */
export function unknownKind(word: string, words: readonly string[], hints: readonly string[]): CliError {
  const meant = nearest(word, words)
  return new CliError(`the mesh doesn't have a resource type "${word}"`, {
    hints: [...(meant === undefined ? [] : [`did you mean ${meant}?`]), ...hints],
  })
}
