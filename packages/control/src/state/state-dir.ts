import { randomBytes } from 'node:crypto'
import { chmod, mkdir } from 'node:fs/promises'
import { join } from 'node:path'
import type { Clock } from '@heddle/base/clock'
import { readPrivateFile } from '../ca/private-file.ts'
import { lockStateDir } from './state-lock.ts'
import { replaceFile } from './write-file.ts'

/** What outlives a restart of the control plane, and where. */
export interface StateDir {
  readonly caDir: string
  readonly registrationsFile: string
  readonly telemetryFile: string
  readonly trustBundleFile: string
  readonly adminTokenFile: string
  /** What the command line proves itself by; secret. */
  readonly adminToken: string
  /** Lets another control plane work on the directory. */
  release(): void
}

const TOKEN_BYTES = 32
const TOKEN = /^[0-9a-f]{64}$/

/**
 * Opens the state directory, made with mode 0700 where it is missing, and locks it.
 *
 * @throws {StateLockedError} when another control plane works on it
 */
export async function openStateDir(path: string, clock: Clock): Promise<StateDir> {
  await mkdir(path, { recursive: true, mode: 0o700 })
  await chmod(path, 0o700)
  const lock = lockStateDir(path, clock)
  try {
    const adminTokenFile = join(path, 'admin-token')
    return {
      caDir: join(path, 'ca'),
      registrationsFile: join(path, 'registrations.json'),
      telemetryFile: join(path, 'telemetry.json'),
      trustBundleFile: join(path, 'trust-bundle.pem'),
      adminTokenFile,
      adminToken: await readOrMakeToken(adminTokenFile),
      release: () => lock.release(),
    }
  } catch (error) {
    lock.release()
    throw error
  }
}

async function readOrMakeToken(file: string): Promise<string> {
  const kept = await readPrivateFile(file).catch(() => undefined)
  if (kept !== undefined && TOKEN.test(kept.trim())) return kept.trim()
  // Also when other users could read it: what may be known to them is no secret any more.
  const token = randomBytes(TOKEN_BYTES).toString('hex')
  await replaceFile(file, `${token}\n`, 0o600)
  return token
}
