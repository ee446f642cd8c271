import { createHash } from 'node:crypto'
import { globSync, readFileSync } from 'node:fs'
import { join } from 'node:path'

/** Packages whose code ends up in the bundle. */
const PACKAGES = ['api', 'base', 'engine', 'http', 'identity', 'proxy', 'telemetry']

/**
 * A hash of everything that the bundle is made of: sources without their tests, and the versions in package.json files.
 *
 * @param root - of the checkout
 */
export function hashSources(root: string): string {
  const hash = createHash('sha256')
  const folders = `packages/{${PACKAGES.join(',')}}`
  const files = globSync([`${folders}/src/**/*.{ts,js}`, `${folders}/package.json`, 'package.json'], { cwd: root })
  for (const file of files.filter((name) => !name.endsWith('.test.ts')).sort()) {
    hash
      .update(`${file}\n`)
      .update(readFileSync(join(root, file)))
      .update('\n')
  }
  return hash.digest('hex')
}
