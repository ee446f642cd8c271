import { existsSync } from 'node:fs'
import { fileURLToPath } from 'node:url'
import { bundleProxy } from './src/bundle/bundle-proxy.ts'

/**
 * `build.ts [FILE]`: makes FILE, or dist/proxy.js, with its parts beside it, where it is not there or not current, and prints its
 * path. Runs on Bun and Node.
 */
const root = fileURLToPath(new URL('../..', import.meta.url))
const file = process.argv[2] ?? fileURLToPath(new URL('dist/proxy.js', import.meta.url))
const installed = fileURLToPath(new URL('../../node_modules/bun/bin/bun.exe', import.meta.url))
const bun = process.versions.bun === undefined ? (existsSync(installed) ? installed : 'bun') : process.execPath

try {
  bundleProxy({ root, bun, file })
  process.stdout.write(`${file}\n`)
} catch (error) {
  // For people who start a mesh: where this was thrown says nothing to them.
  process.stderr.write(`${error instanceof Error ? error.message : error}\n`)
  process.exitCode = 1
}
