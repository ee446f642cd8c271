import { resolve } from 'node:path'
import { INSTALL_VERSION } from '@heddle/kube/install/version'
import { writeCommandPackage } from './command-package.ts'
import { writeRelease } from './release.ts'

/**
 * `build.ts FOLDER`: makes what the command line is given to people as: `FOLDER/package`, an npm package for `npm pack` and `npm publish`; and
 * `FOLDER/VERSION/heddle-VERSION-OS-ARCHITECTURE.tar.gz` with its sum, for this machine's platform and with Node in it, which `install.sh`
 * fetches. Prints what it made.
 */
const [folder, ...rest] = process.argv.slice(2)
if (folder === undefined || folder.startsWith('-') || rest.length > 0) {
  process.stderr.write('usage: build.ts FOLDER\n')
  process.exitCode = 2
} else {
  const made = writeCommandPackage(resolve(folder, 'package'))
  process.stdout.write(`${made}\n${writeRelease(made, resolve(folder, INSTALL_VERSION))}\n`)
}
