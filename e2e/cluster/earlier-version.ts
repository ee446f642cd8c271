import { existsSync, mkdirSync, readdirSync, rmSync, symlinkSync, writeFileSync } from 'node:fs'
import { join, resolve } from 'node:path'
import { run } from '../harness/process.ts'
import type { Cluster } from './cluster.ts'

const ROOT = resolve(import.meta.dirname, '../..')

/** Another version of Heddle, out of the project's own history. */
export interface EarlierVersion {
  /** `bin/heddle` of then. */
  readonly command: string
  /** Makes its images known to every node, by this tag. */
  loadImages(cluster: Cluster, tag: string): Promise<void>
}

/**
 * Lays out the files of a commit, with the npm packages of the present.
 *
 * @param folder - is made; removed by the caller
 * @throws {Error} where the history does not reach back to it
 */
export async function layOutEarlier(commit: string, folder: string): Promise<EarlierVersion> {
  mkdirSync(folder, { recursive: true })
  await runOrThrow(['sh', '-c', 'git archive "$1" | tar -x -C "$2"', 'sh', commit, folder], ROOT)
  if (!existsSync(join(folder, 'bin/heddle'))) throw new Error(`the history of this clone does not have ${commit}`)
  linkModules(folder)
  return {
    command: join(folder, 'bin/heddle'),
    loadImages: (cluster, tag) => loadImages(folder, cluster, tag),
  }
}

/** Its own packages are its own, all others those of the present. */
function linkModules(folder: string): void {
  const modules = join(folder, 'node_modules')
  mkdirSync(join(modules, '@heddle'), { recursive: true })
  for (const name of readdirSync(join(ROOT, 'node_modules'))) {
    if (name !== '@heddle') symlinkSync(join(ROOT, 'node_modules', name), join(modules, name))
  }
  for (const name of readdirSync(join(folder, 'packages'))) {
    symlinkSync(join('../../packages', name), join(modules, '@heddle', name))
  }
}

async function loadImages(folder: string, cluster: Cluster, tag: string): Promise<void> {
  const program = join(folder, 'deploy/images/pack-by-tag.ts')
  writeFileSync(program, PACK_BY_TAG)
  for (const name of ['control', 'proxy']) {
    const file = join(folder, `${name}.tar`)
    await runOrThrow([process.execPath, program, name, tag, file], folder)
    await cluster.loadImage(file)
    rmSync(file)
  }
}

/** Run among the files of then, since images are made as they were made then. */
const PACK_BY_TAG = `import { packImage } from '../../e2e/cluster/images/pack-image.ts'
import { bundlePrograms } from './bundle-programs.ts'
import { controlImage, proxyImage } from './heddle-images.ts'
const [, , name, tag, file] = process.argv
const bundles = bundlePrograms(file + '.bundles')
const image = name === 'control' ? controlImage(bundles) : proxyImage(bundles)
packImage({ ...image, tags: ['heddle/' + name + ':' + tag] }, file)
`

async function runOrThrow(command: readonly string[], cwd: string): Promise<void> {
  const { status, stdout, stderr } = await run(command, { cwd, deadlineMs: 120_000 })
  if (status !== 0) throw new Error(`${command.join(' ')}: ${stderr}${stdout}`)
}
