import { createHash } from 'node:crypto'
import { existsSync, globSync, statSync } from 'node:fs'
import { basename, join } from 'node:path'
import { CACHE } from '../cluster-record.ts'
import { fetchCoredns, fetchPrograms } from '../programs.ts'
import { hostLibraries, hostProgram, MERGED_USR } from './host-program.ts'
import { type ImageEntry, toMembers } from './image-content.ts'
import { type Image, packImage } from './pack-image.ts'

/** Holds the namespaces of each pod. */
export const PAUSE_IMAGE = 'heddle-test/pause:1'
/** HTTP server and client; see ../go/pod/echo. */
export const ECHO_IMAGE = 'heddle-test/echo:1'
/** Shell, iptables, ip, curl and the program of {@link ECHO_IMAGE}, of this machine's own files. */
export const TOOLS_IMAGE = 'heddle-test/tools:1'
/** The cluster's DNS server. */
export const COREDNS_IMAGE = 'heddle-test/coredns:1'

const ARCHITECTURES: Readonly<Record<string, Image['architecture']>> = { x64: 'amd64', arm64: 'arm64' }
const TOOLS = [
  'dash',
  'cat',
  'cp',
  'date',
  'env',
  'head',
  'id',
  'ls',
  'mkdir',
  'mount',
  'rm',
  'sleep',
  'timeout',
  'touch',
  'curl',
]
const NETWORK_TOOLS = ['ip', 'xtables-nft-multi', 'xtables-legacy-multi']
const CERTIFICATES = '/etc/ssl/certs/ca-certificates.crt'
const USERS = 'root:x:0:0:root:/:/bin/sh\nnobody:x:65534:65534:nobody:/:/bin/false\n'
const GROUPS = 'root:x:0:\nnogroup:x:65534:\n'
const SCRATCH: readonly ImageEntry[] = [{ kind: 'folder', to: '/tmp', mode: 0o1777 }]

/** The architecture of this machine, as images spell it. */
function hostArchitecture(): Image['architecture'] {
  const architecture = ARCHITECTURES[process.arch]
  if (architecture === undefined) throw new Error(`there are no images for ${process.arch}`)
  return architecture
}

/** Packs the images that every node has where they are not in the cache. @returns the archives, the one of {@link PAUSE_IMAGE} first */
export async function packTestImages(): Promise<readonly string[]> {
  const { pause, echo } = await fetchPrograms()
  const coredns = await fetchCoredns()
  const program = (from: string): ImageEntry => ({ kind: 'copy', from, to: `/${basename(from)}`, mode: 0o755 })
  return [
    pack(PAUSE_IMAGE, [program(pause)], { entrypoint: ['/pause'], user: '65535:65535' }),
    pack(ECHO_IMAGE, [program(echo), ...SCRATCH], { entrypoint: ['/echo'] }),
    pack(TOOLS_IMAGE, [...toolEntries(), program(echo)], { command: ['/bin/sh'] }),
    pack(COREDNS_IMAGE, [program(coredns)], { entrypoint: ['/coredns'] }),
  ]
}

function toolEntries(): readonly ImageEntry[] {
  const link = (to: string, target: string): ImageEntry => ({ kind: 'link', to, target })
  const tables = ['iptables', 'iptables-save', 'iptables-restore', 'ip6tables', 'ip6tables-save', 'ip6tables-restore']
  return [
    ...MERGED_USR,
    ...SCRATCH,
    ...TOOLS.flatMap((name) => hostProgram(`/usr/bin/${name}`)),
    ...NETWORK_TOOLS.flatMap((name) =>
      hostProgram(existsSync(`/usr/sbin/${name}`) ? `/usr/sbin/${name}` : `/usr/bin/${name}`),
    ),
    ...globSync('/usr/lib/*/xtables').flatMap(hostLibraries),
    link('/usr/bin/sh', 'dash'),
    ...tables.map((name) => link(`/usr/sbin/${name}`, 'xtables-nft-multi')),
    ...tables.map((name) => link(`/usr/sbin/${name.replace('tables', 'tables-legacy')}`, 'xtables-legacy-multi')),
    { kind: 'text', to: '/etc/passwd', text: USERS },
    { kind: 'text', to: '/etc/group', text: GROUPS },
    ...(existsSync(CERTIFICATES) ? [{ kind: 'copy', from: CERTIFICATES, to: CERTIFICATES } as const] : []),
  ]
}

function pack(tag: string, entries: readonly ImageEntry[], config: Image['config']): string {
  return packOnce({ tags: [tag], entries, config })
}

/** Packs an image of this machine's architecture into the cache, unless it is there. @returns the archive */
export function packOnce(content: Omit<Image, 'architecture'>): string {
  const image: Image = { ...content, architecture: hostArchitecture() }
  const name = image.tags[0]?.split('/').at(-1)?.replace(':', '-')
  const file = join(CACHE, 'images', `${name}-${keyOf(image)}.tar`)
  if (!existsSync(file)) packImage(image, file)
  return file
}

/** Sizes and times of files stand for their content. */
function keyOf({ entries, ...rest }: Image): string {
  const sources = toMembers(entries).map((member) => {
    const found = member.kind === 'file' ? statSync(member.source) : undefined
    return { ...member, size: found?.size, changedMs: found?.mtimeMs }
  })
  return createHash('sha256')
    .update(JSON.stringify([rest, sources]))
    .digest('hex')
    .slice(0, 12)
}
