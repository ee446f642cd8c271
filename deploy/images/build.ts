import { join, resolve } from 'node:path'
import { type Image, packImage } from '../../e2e/cluster/images/pack-image.ts'
import { bundlePrograms } from './bundle-programs.ts'
import { controlImage, demoImage, proxyImage } from './heddle-images.ts'
import { writeContent } from './write-content.ts'

/**
 * `build.ts [--pack] [FOLDER]`: makes what the images are made of, for this machine's architecture: `FOLDER/IMAGE/content/ARCHITECTURE`, which
 * the Dockerfiles copy; or with `--pack`, without any Docker, archives `FOLDER/IMAGE-ARCHITECTURE.tar` that containerd, Docker and Podman
 * load. FOLDER is that of the Dockerfiles unless given. Prints what it made.
 */
const args = process.argv.slice(2)
const isPacking = args[0] === '--pack'
const [folder = import.meta.dirname, ...rest] = isPacking ? args.slice(1) : args
if (rest.length > 0 || folder.startsWith('-')) {
  process.stderr.write('usage: build.ts [--pack] [FOLDER]\n')
  process.exitCode = 2
} else build(resolve(folder))

function build(target: string): void {
  const bundles = bundlePrograms(join(target, '.bundles'))
  make(controlImage(bundles), join(target, 'control'))
  make(proxyImage(bundles), join(target, 'proxy'))
  make(demoImage(bundles), join(target, 'demo'))
}

function make(image: Image, target: string): void {
  const made = isPacking ? `${target}-${image.architecture}.tar` : join(target, 'content', image.architecture)
  if (isPacking) packImage(image, made)
  else writeContent(image.entries, made)
  process.stdout.write(`${made}\n`)
}
