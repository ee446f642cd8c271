import { spawnSync } from 'node:child_process'
import { createHash } from 'node:crypto'
import { chmodSync, copyFileSync, cpSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { basename, join, resolve } from 'node:path'
import { INSTALL_VERSION } from '@heddle/kube/install/version'
import { architectureOf } from '../images/heddle-images.ts'

const NODE = resolve(import.meta.dirname, '../../node_modules/node/bin/node')

/**
 * Packs the command line with Node into one archive for this machine's platform, and its SHA-256 beside it.
 *
 * @param commandPackage - the folder of the npm package
 * @param folder - where the archive goes
 * @returns the archive
 */
export function writeRelease(commandPackage: string, folder: string): string {
  const name = `heddle-${INSTALL_VERSION}-${process.platform}-${architectureOf()}`
  const work = mkdtempSync(join(tmpdir(), 'heddle-release-'))
  try {
    layOut(commandPackage, join(work, name))
    mkdirSync(folder, { recursive: true })
    const archive = join(folder, `${name}.tar.gz`)
    pack(work, name, archive)
    writeFileSync(`${archive}.sha256`, `${sumOf(archive)}  ${basename(archive)}\n`)
    return archive
  } finally {
    rmSync(work, { recursive: true, force: true })
  }
}

function layOut(commandPackage: string, target: string): void {
  cpSync(commandPackage, target, { recursive: true })
  copyFileSync(NODE, join(target, 'node'))
  chmodSync(join(target, 'node'), 0o755)
  writeFileSync(join(target, 'bin/heddle'), START, { mode: 0o755 })
}

/** Found through links, so that it may be linked to from anywhere. */
const START = `#!/bin/sh
script=$0
while [ -L "$script" ]; do
  link=$(readlink -- "$script")
  case $link in
    /*) script=$link ;;
    *) script=$(dirname -- "$script")/$link ;;
  esac
done
here=$(CDPATH='' cd -- "$(dirname -- "$script")/.." && pwd -P)
exec "$here/node" "$here/heddle.js" "$@"
`

function pack(work: string, name: string, archive: string): void {
  const order = ['--sort=name', '--mtime=@0', '--owner=0', '--group=0', '--numeric-owner']
  const { status, stderr, error } = spawnSync('tar', [...order, '-czf', archive, '-C', work, name], {
    encoding: 'utf8',
  })
  if (error !== undefined) throw error
  if (status !== 0) throw new Error(`tar: ${stderr}`)
}

function sumOf(file: string): string {
  return createHash('sha256').update(readFileSync(file)).digest('hex')
}
