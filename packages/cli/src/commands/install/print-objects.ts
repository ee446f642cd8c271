import type { KubeDraft } from '@heddle/kube/client'
import { Option } from 'commander'
import type { Terminal } from '../../output/terminal.ts'

export type ObjectFormat = 'yaml' | 'json'

/** `-o, --output yaml|json` */
export function objectFormatOption(): Option {
  return new Option('-o, --output <format>', 'output format').choices(['yaml', 'json']).default('yaml')
}

/** Writes objects for `kubectl -f -`: YAML documents, or one List. */
export async function printObjects(
  objects: readonly KubeDraft[],
  format: ObjectFormat,
  terminal: Terminal,
): Promise<void> {
  if (format === 'json') {
    terminal.write(`${JSON.stringify({ apiVersion: 'v1', kind: 'List', items: objects }, null, 2)}\n`)
    return
  }
  const { stringifyManifest } = await import('@heddle/api/manifest/stringify')
  terminal.write(objects.map((object) => `---\n${stringifyManifest(object)}`).join(''))
}
