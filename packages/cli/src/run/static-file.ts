import { dirname, resolve } from 'node:path'
import { checkStaticConfig, type StaticConfig } from '@heddle/api/static-config'
import { LineCounter, parseDocument } from 'yaml'
import { CliError } from '../cli-error.ts'

/**
 * Reads the file of `heddle proxy --static`: YAML, and so JSON. Paths in it start at the file.
 *
 * @throws {CliError} listing every problem
 */
export function parseStaticFile(text: string, file: string): StaticConfig {
  const lineCounter = new LineCounter()
  const document = parseDocument(text, { lineCounter, prettyErrors: false })
  const broken = document.errors.map(({ message, pos }) => {
    const { line, col } = lineCounter.linePos(pos[0])
    return `${file}:${line}:${col}: ${message}`
  })
  if (broken.length > 0) throw refusal(file, broken)
  const result = checkStaticConfig(document.toJS({ maxAliasCount: 100 }))
  if (result.kind === 'invalid') throw refusal(file, result.problems)
  const { identity, ...rest } = result.config
  if (identity === undefined) return rest
  const from = (path: string): string => resolve(dirname(file), path)
  const { id, certificateFile, keyFile, trustBundleFile } = identity
  return {
    ...rest,
    identity: {
      id,
      certificateFile: from(certificateFile),
      keyFile: from(keyFile),
      trustBundleFile: from(trustBundleFile),
    },
  }
}

function refusal(file: string, problems: readonly string[]): CliError {
  return new CliError(`${file} cannot be used`, { hints: problems })
}
