import { chmod, chown, constants, copyFile, link, mkdir, readdir, rename, rm, stat, writeFile } from 'node:fs/promises'
import { dirname, join } from 'node:path'
import { messageOf } from '@heddle/base/message-of'
import { CliError } from '../cli-error.ts'
import { findBun, PROXY_BUILD } from '../process/repository.ts'
import { runTool, ToolError } from '../process/run-tool.ts'
import { makeDirectory } from '../state/make-directory.ts'
import { SharedText } from './shared-text.ts'
import type { Runtime } from './site.ts'

/** For what proxies under a user of their own are run from. Not /run, which often does not allow that. */
export const SHARED_FOLDER = '/var/lib/heddle/run'

export interface RuntimeFolderOptions {
  /** Made by this, to be removed by the caller. */
  readonly folder: string
  /** Certificates to trust, PEM. */
  readonly trustBundlePem: string
  /**
   * The user under which proxies run; `undefined`: the present one. Another user may not be able to read the checkout
   * (below /root, say), so the runtime itself is put into the folder too.
   */
  readonly proxyUid: number | undefined
}

/**
 * Puts what proxies are run from into a folder: the proxy as a bundle, which starts faster and takes less memory than its
 * sources do, the runtime, the trust bundle, and a place for secrets.
 *
 * @throws {CliError}
 */
export async function prepareRuntimeFolder(options: RuntimeFolderOptions): Promise<Runtime> {
  const { folder, trustBundlePem, proxyUid } = options
  const secrets = join(folder, 'secrets')
  const trustBundleFile = join(folder, 'trust-bundle.pem')
  const trustBundle = new SharedText(trustBundleFile)
  const isShared = proxyUid !== undefined
  try {
    await rm(folder, { recursive: true, force: true })
    await makeDirectory(folder, isShared ? 0o755 : 0o700)
    await mkdir(secrets, { mode: isShared ? 0o711 : 0o700 })
    await writeFile(trustBundleFile, trustBundlePem, { mode: 0o644 })
    const proxyFile = await bundleProxy(folder)
    const bun = isShared ? await shareFile(findBun(), join(folder, 'bun')) : findBun()
    if (isShared) await openToOthers(folder, [...(await listBundle(folder)), trustBundleFile])
    return {
      proxyCommand: [bun, proxyFile],
      trustBundleFile,
      writeTrustBundle: (pem) => trustBundle.write(pem),
      writeSecret: (name, text) => writeSecret(join(secrets, name), text, proxyUid),
      removeSecret: (name) => rm(join(secrets, name), { force: true }),
    }
  } catch (error) {
    if (error instanceof CliError) throw error
    throw new CliError(`cannot prepare ${folder}: ${messageOf(error)}`, { cause: error })
  }
}

/** A strict umask took rights away that the proxies' user needs. */
async function openToOthers(folder: string, files: readonly string[]): Promise<void> {
  for (const directory of [folder, dirname(folder), dirname(dirname(folder))]) await chmod(directory, 0o755)
  await chmod(join(folder, 'secrets'), 0o711)
  for (const file of files) await chmod(file, 0o644)
}

async function bundleProxy(folder: string): Promise<string> {
  const file = join(folder, 'proxy.js')
  try {
    await runTool(findBun(), [PROXY_BUILD, file])
  } catch (error) {
    if (!(error instanceof ToolError)) throw error
    throw new CliError(`cannot write the proxy's program to ${folder}: ${error.said}`, { cause: error })
  }
  return file
}

/** The file to start, and its parts beside it. */
async function listBundle(folder: string): Promise<readonly string[]> {
  const names = await readdir(folder)
  return names.filter((name) => name.endsWith('.js')).map((name) => join(folder, name))
}

/** A hard link costs nothing and shares memory with others that run the same file; across file systems it is copied. */
async function shareFile(file: string, shared: string): Promise<string> {
  const isReadable = ((await stat(file)).mode & 0o005) === 0o005
  try {
    if (!isReadable) throw new Error('a link would keep a mode that others cannot execute')
    await link(file, shared)
  } catch {
    await copyFile(file, shared, constants.COPYFILE_FICLONE)
    await chmod(shared, 0o755)
  }
  return shared
}

/** It appears whole, and readable for its reader: a proxy may look at any time. */
async function writeSecret(file: string, text: string, uid: number | undefined): Promise<string> {
  const unfinished = `${file}.new`
  await rm(unfinished, { force: true })
  await writeFile(unfinished, text, { mode: 0o400 })
  if (uid !== undefined) await chown(unfinished, uid, uid)
  await rename(unfinished, file)
  return file
}
