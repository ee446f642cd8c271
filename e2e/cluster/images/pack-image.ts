import { createHash } from 'node:crypto'
import { closeSync, mkdirSync, openSync, renameSync, rmSync, statSync, writeSync } from 'node:fs'
import { dirname } from 'node:path'
import { type ImageEntry, toMembers } from './image-content.ts'
import { type TarMember, tarOctets, writeTar } from './tar-archive.ts'

/** An image of one layer. */
export interface Image {
  /** Such as `heddle/proxy:0.1.0`; several names for the same content. */
  readonly tags: readonly string[]
  readonly architecture: 'amd64' | 'arm64'
  readonly entries: readonly ImageEntry[]
  readonly config: ImageConfig
}

/** How a container of the image runs; the words of Dockerfile's instructions. */
export interface ImageConfig {
  readonly entrypoint?: readonly string[]
  readonly command?: readonly string[]
  /** `UID` or `UID:GID`. Default: root. */
  readonly user?: string
  readonly workingFolder?: string
  readonly environment?: Readonly<Record<string, string>>
  readonly labels?: Readonly<Record<string, string>>
}

const EPOCH = '1970-01-01T00:00:00Z'
const PATH = '/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin'
const LAYER = 'layer.tar'

/**
 * Writes an image as a docker-archive, which containerd, Docker and Podman load, without any of them, a registry or root. Equal content
 * makes an equal file.
 *
 * @param file - replaced at once when all is written
 * @throws {Error} where an entry cannot be read
 */
export function packImage(image: Image, file: string): void {
  mkdirSync(dirname(file), { recursive: true })
  const fresh = `${file}.${process.pid}`
  const target = openSync(fresh, 'w')
  try {
    writeTar(archiveOf(image), (octets) => writeAll(target, octets))
    renameSync(fresh, file)
  } finally {
    closeSync(target)
    rmSync(fresh, { force: true })
  }
}

/** The layer comes first, since the configuration names it by its hash; it is read once and never held in memory. */
function* archiveOf(image: Image): Generator<TarMember> {
  const members = toMembers(image.entries)
  const hash = createHash('sha256')
  yield {
    kind: 'made',
    path: LAYER,
    mode: 0o644,
    size: tarOctets(members, (source) => statSync(source).size),
    writeTo: (sink) =>
      writeTar(members, (octets) => {
        hash.update(octets)
        sink(octets)
      }),
  }
  const config = JSON.stringify(configOf(image, `sha256:${hash.digest('hex')}`))
  const path = `${createHash('sha256').update(config).digest('hex')}.json`
  yield { kind: 'text', path, text: config, mode: 0o644 }
  const manifest = JSON.stringify([{ Config: path, RepoTags: image.tags, Layers: [LAYER] }])
  yield { kind: 'text', path: 'manifest.json', text: manifest, mode: 0o644 }
}

function configOf({ architecture, config }: Image, layer: string): unknown {
  const environment = { PATH, ...config.environment }
  return {
    architecture,
    os: 'linux',
    created: EPOCH,
    config: {
      Entrypoint: config.entrypoint,
      Cmd: config.command,
      User: config.user ?? '',
      WorkingDir: config.workingFolder ?? '/',
      Env: Object.entries(environment).map(([name, value]) => `${name}=${value}`),
      Labels: config.labels,
    },
    rootfs: { type: 'layers', diff_ids: [layer] },
    history: [{ created: EPOCH }],
  }
}

function writeAll(file: number, octets: Uint8Array): void {
  for (let at = 0; at < octets.length; ) at += writeSync(file, octets, at)
}
