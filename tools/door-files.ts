import { globSync, readFileSync } from 'node:fs'
import { posix } from 'node:path'

/** Files that the packages' `exports` name, from the root of the repository; generated ones are left out. */
export function doorFiles(root: string): ReadonlySet<string> {
  const manifests = globSync('packages/*/package.json', { cwd: root })
  return new Set(manifests.flatMap((manifest) => doorsOf(root, manifest)))
}

function doorsOf(root: string, manifest: string): readonly string[] {
  const { exports = {} } = JSON.parse(readFileSync(posix.join(root, manifest), 'utf8')) as {
    readonly exports?: Readonly<Record<string, string>>
  }
  const files = Object.values(exports).map((file) => posix.join(posix.dirname(manifest), file))
  return files.filter((file) => file.endsWith('.ts') && !file.includes('/src/gen/'))
}
