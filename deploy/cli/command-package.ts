import { chmodSync, copyFileSync, cpSync, mkdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { join, resolve } from 'node:path'
import { INSTALL_VERSION } from '@heddle/kube/install/version'
import { bundlePrograms } from '../images/bundle-programs.ts'

const ROOT = resolve(import.meta.dirname, '../..')

/**
 * Writes the npm package `heddle`: the command line in one file, and beside it the control plane and the proxy, so that `heddle up` and
 * `heddle run` work where the package is installed.
 *
 * @param folder - what is in it is replaced
 * @returns the folder
 */
export function writeCommandPackage(folder: string): string {
  rmSync(folder, { recursive: true, force: true })
  mkdirSync(folder, { recursive: true })
  const bundles = bundlePrograms(join(folder, '.bundles'))
  for (const name of ['heddle.js', 'control.js']) copyFileSync(join(bundles.control, name), join(folder, name))
  cpSync(bundles.proxy, join(folder, 'proxy'), { recursive: true })
  rmSync(join(folder, '.bundles'), { recursive: true })
  for (const name of ['init.js', 'agent.js']) rmSync(join(folder, 'proxy', name))
  copyFileSync(join(import.meta.dirname, 'place.js'), join(folder, 'proxy/place.js'))
  mkdirSync(join(folder, 'bin'))
  writeFileSync(join(folder, 'bin/heddle'), START)
  chmodSync(join(folder, 'bin/heddle'), 0o755)
  copyFileSync(join(ROOT, 'LICENSE'), join(folder, 'LICENSE'))
  copyFileSync(join(import.meta.dirname, 'README.md'), join(folder, 'README.md'))
  writeFileSync(join(folder, 'package.json'), `${JSON.stringify(manifest(), null, 2)}\n`)
  return folder
}

/** Whoever has an older Node gets a sentence instead of a syntax error; therefore nothing is imported by name. */
const START = `#!/usr/bin/env node
if (Number(process.versions.node.split('.')[0]) < 24) {
  process.stderr.write('error: heddle needs Node 24 or later; this is ' + process.version + '\\n')
  process.exitCode = 1
} else import('../heddle.js')
`

function manifest(): object {
  const { description, license, dependencies } = JSON.parse(readFileSync(join(ROOT, 'package.json'), 'utf8')) as {
    readonly description: string
    readonly license: string
    readonly dependencies: { readonly bun: string }
  }
  return {
    name: 'heddle',
    version: INSTALL_VERSION,
    description,
    license,
    type: 'module',
    bin: { heddle: 'bin/heddle' },
    engines: { node: '>=24' },
    // The runtime of proxies on this host; a cluster's are in their image.
    optionalDependencies: { bun: dependencies.bun },
  }
}
