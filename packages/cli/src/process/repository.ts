import { existsSync, readdirSync } from 'node:fs'
import { join, resolve } from 'node:path'
import { CliError } from '../cli-error.ts'

/** The root of the checkout. */
const REPOSITORY = resolve(import.meta.dirname, '../../../..')

/** Where `heddle` is. */
export const COMMAND_FOLDER = join(REPOSITORY, 'bin')
export const PROXY_ENTRY = join(REPOSITORY, 'packages/proxy/src/main.ts')
/** Bundles the proxy: the file to start goes to the path that it is given, its parts beside that. */
export const PROXY_BUILD = join(REPOSITORY, 'packages/proxy/build.ts')
export const CONTROL_ENTRY = join(REPOSITORY, 'packages/control/src/main.ts')
export const DEMO_MANIFESTS = join(REPOSITORY, 'packages/demo/deploy/local')

/**
 * The binary of Bun. Its npm package keeps it in an optional dependency for the platform, and moves it into itself when
 * its install script runs.
 *
 * @throws {CliError} when it is not installed
 */
export function findBun(): string {
  const scope = join(REPOSITORY, 'node_modules/@oven')
  const platforms = existsSync(scope) ? readdirSync(scope).map((name) => join(scope, name, 'bin/bun')) : []
  const found = [join(REPOSITORY, 'node_modules/bun/bin/bun.exe'), ...platforms].find((file) => existsSync(file))
  if (found !== undefined) return found
  throw new CliError('Bun, the runtime of the proxy, is not installed', {
    hints: [`run ${join(REPOSITORY, 'tools/setup.sh')}`],
  })
}
