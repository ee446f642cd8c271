import { readdirSync, readFileSync, statSync } from 'node:fs'
import { dirname, join } from 'node:path'
import { codeOf } from '@heddle/base/code-of'
import { describe, expect, test } from 'vitest'
import { TestMesh } from './harness/mesh.ts'
import { canRun } from './harness/requirements.ts'
import { bridgeOf } from './harness/run-state.ts'
import { echoUnderLoad } from './harness/shop.ts'

describe.each([{ mode: 'explicit' as const }, { mode: 'transparent' as const }])('on the disk, $mode', ({ mode }) => {
  test.runIf(mode === 'explicit' || canRun('root', 'ip', 'iptables'))(
    'there is no private key of a workload, and those of the authority are for its owner alone',
    async () => {
      await using mesh = await TestMesh.start({
        mode,
        manifests: echoUnderLoad(1),
      })
      await mesh.waitForSuccesses('load', 20)
      const folders = [dirname(mesh.home), ...(mode === 'transparent' ? [`/var/lib/heddle/run/${bridgeOf(mesh)}`] : [])]

      const keys = folders.flatMap((folder) => filesBelow(folder).filter(hasPrivateKey))

      const authority = join(mesh.home, 'meshes', 'default', 'control', 'ca')
      expect(keys.map((file) => dirname(file))).toEqual([authority, authority])
      for (const file of keys) expect(statSync(file).mode & 0o777, file).toBe(0o600)
      expect(statSync(authority).mode & 0o777).toBe(0o700)
    },
  )
})

const MOST_OCTETS = 16 * 1024 * 1024

function filesBelow(folder: string): readonly string[] {
  return readdirSync(folder, { recursive: true, withFileTypes: true })
    .filter((entry) => entry.isFile())
    .map((entry) => join(entry.parentPath, entry.name))
}

function hasPrivateKey(file: string): boolean {
  return /-----BEGIN [A-Z ]*PRIVATE KEY-----\s+[A-Za-z0-9+/]{20}/.test(readIfThere(file))
}

/** The mesh goes on: some files are there for a moment only, until they take the place of others. */
function readIfThere(file: string): string {
  try {
    return statSync(file).size < MOST_OCTETS ? readFileSync(file, 'latin1') : ''
  } catch (error) {
    if (codeOf(error) === 'ENOENT') return ''
    throw error
  }
}
