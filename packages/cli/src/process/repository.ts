import { existsSync, readdirSync } from 'node:fs'
import { join, resolve } from 'node:path'
import { CliError } from '../cli-error.ts'

/** A package of npm, or an image: every program is bundled, and lies beside this file, which is part of one. */
const IS_PACKED = existsSync(join(import.meta.dirname, 'control.js'))
/** The root of the checkout, or of the package. */
const ROOT = IS_PACKED ? import.meta.dirname : resolve(import.meta.dirname, '../../../..')

/** Where `heddle` is. */
export const COMMAND_FOLDER = join(ROOT, 'bin')
export const PROXY_ENTRY = IS_PACKED ? join(ROOT, 'proxy/proxy.js') : join(ROOT, 'packages/proxy/src/main.ts')
/** Bundles the proxy: the file to start goes to the path that it is given, its parts beside that. */
export const PROXY_BUILD = IS_PACKED ? join(ROOT, 'proxy/place.js') : join(ROOT, 'packages/proxy/build.ts')
export const CONTROL_ENTRY = IS_PACKED ? join(ROOT, 'control.js') : join(ROOT, 'packages/control/src/main.ts')

/** Manifests of the demo application. @throws {CliError} outside of a checkout */
export function findDemo(): string {
  const folder = join(ROOT, 'packages/demo/deploy/local')
  if (existsSync(folder)) return folder
  throw new CliError('the demo application is not part of this package', {
    hints: ['it is in a checkout of the project: make demo'],
  })
}

/**
 * The binary of Bun. Its npm package keeps it in an optional dependency for the platform, and moves it into itself when
 * its install script runs. npm puts packages beside those that need them, or further up.
 *
 * @throws {CliError} when it is not installed
 */
export function findBun(): string {
  const found = foldersOfModules()
    .flatMap(bunsIn)
    .find((file) => existsSync(file))
  if (found !== undefined) return found
  throw new CliError('Bun, the runtime of the proxy, is not installed', {
    hints: [IS_PACKED ? `install it beside: npm install --prefix ${ROOT} bun` : `run ${join(ROOT, 'tools/setup.sh')}`],
  })
}

function foldersOfModules(): readonly string[] {
  if (!IS_PACKED) return [join(ROOT, 'node_modules')]
  return [join(ROOT, 'node_modules'), resolve(ROOT, '..'), resolve(ROOT, '../node_modules')]
}

function bunsIn(modules: string): readonly string[] {
  const scope = join(modules, '@oven')
  const platforms = existsSync(scope) ? readdirSync(scope).map((name) => join(scope, name, 'bin/bun')) : []
  return [join(modules, 'bun/bin/bun.exe'), ...platforms]
}
