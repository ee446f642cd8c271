import { existsSync, globSync } from 'node:fs'
import { join, resolve } from 'node:path'
import { PROXY_UID } from '@heddle/kube/inject/names'
import { INSTALL_VERSION } from '@heddle/kube/install/version'
import { hostLibraries, hostProgram, MERGED_USR } from '../../e2e/cluster/images/host-program.ts'
import type { ImageEntry } from '../../e2e/cluster/images/image-content.ts'
import type { Image } from '../../e2e/cluster/images/pack-image.ts'
import type { Bundles } from './bundle-programs.ts'

const ROOT = resolve(import.meta.dirname, '../..')
const HOME = '/heddle'
/** As distroless images have it. */
const NOBODY = 65_532

const ARCHITECTURES: Readonly<Record<string, Image['architecture']>> = { x64: 'amd64', arm64: 'arm64' }

/** The architecture of this machine, whose runtimes and libraries the images get. @throws {Error} where there are none for it */
export function architectureOf(name: string = process.arch): Image['architecture'] {
  const architecture = ARCHITECTURES[name]
  if (architecture === undefined) throw new Error(`there are no images for ${name}`)
  return architecture
}

/** Where a container looks for names, and who runs in it. Without the first the C library asks DNS before /etc/hosts. */
const SYSTEM: readonly ImageEntry[] = [
  ...MERGED_USR,
  { kind: 'folder', to: '/tmp', mode: 0o1777 },
  { kind: 'text', to: '/etc/nsswitch.conf', text: 'hosts: files dns\n' },
  {
    kind: 'text',
    to: '/etc/passwd',
    text: `root:x:0:0:root:/:/sbin/nologin\nheddle-proxy:x:${PROXY_UID}:${PROXY_UID}::/:/sbin/nologin\nheddle:x:${NOBODY}:${NOBODY}::/:/sbin/nologin\n`,
  },
  {
    kind: 'text',
    to: '/etc/group',
    text: `root:x:0:\nheddle-proxy:x:${PROXY_UID}:\nheddle:x:${NOBODY}:\n`,
  },
]

/** The control plane: Node, the program, and the command line beside it for whoever looks into the container. */
export function controlImage({ control }: Pick<Bundles, 'control'>): Image {
  return {
    tags: [`heddle/control:${INSTALL_VERSION}`],
    architecture: architectureOf(),
    config: {
      entrypoint: ['/usr/local/bin/node', `${HOME}/control.js`],
      user: `${NOBODY}:${NOBODY}`,
      environment: { NODE_ENV: 'production' },
    },
    entries: [
      ...SYSTEM,
      ...runtime(join(ROOT, 'node_modules/node/bin/node'), 'node'),
      { kind: 'copy', from: control, to: HOME },
      {
        kind: 'text',
        to: '/usr/local/bin/heddle',
        mode: 0o755,
        text: `#!/usr/local/bin/node\nimport('${HOME}/heddle.js')\n`,
      },
    ],
  }
}

/** The proxy: Bun, the program with those that redirect traffic to it, and the tools that they run. */
export function proxyImage({ proxy }: Pick<Bundles, 'proxy'>): Image {
  return {
    tags: [`heddle/proxy:${INSTALL_VERSION}`],
    architecture: architectureOf(),
    config: {
      entrypoint: ['/usr/local/bin/bun', `${HOME}/proxy.js`],
      user: `${PROXY_UID}:${PROXY_UID}`,
      // Nothing in it can be written to, so nothing is kept there.
      environment: { BUN_RUNTIME_TRANSPILER_CACHE_PATH: '0', DO_NOT_TRACK: '1' },
    },
    entries: [
      ...SYSTEM,
      ...runtime(join(ROOT, 'node_modules/bun/bin/bun.exe'), 'bun'),
      ...iptables(),
      ...hostProgram(hostPath('nsenter')),
      { kind: 'copy', from: proxy, to: HOME },
    ],
  }
}

/** The demo application: Node and its four programs, of which a container runs one by its command. */
export function demoImage({ demo }: Pick<Bundles, 'demo'>): Image {
  return {
    tags: [`heddle/demo:${INSTALL_VERSION}`],
    architecture: architectureOf(),
    config: { user: `${NOBODY}:${NOBODY}`, environment: { NODE_ENV: 'production' } },
    entries: [
      ...SYSTEM,
      ...runtime(join(ROOT, 'node_modules/node/bin/node'), 'node'),
      { kind: 'copy', from: demo, to: '/demo' },
      { kind: 'copy', from: join(ROOT, 'packages/demo/proto'), to: '/demo/proto' },
    ],
  }
}

/** A runtime of this machine as /usr/local/bin/NAME, with its libraries where they are. */
function runtime(path: string, name: string): readonly ImageEntry[] {
  const [program, ...libraries] = hostProgram(path)
  if (program?.kind !== 'copy') throw new Error(`${path} is not a program`)
  return [{ ...program, to: `/usr/local/bin/${name}`, mode: 0o755 }, ...libraries]
}

const FLAVOURS = { 'xtables-nft-multi': 'tables', 'xtables-legacy-multi': 'tables-legacy' } as const

/** Of both kinds; what is called is the first that the kernel has. */
function iptables(): readonly ImageEntry[] {
  return [
    ...Object.entries(FLAVOURS).flatMap(([program, flavour]) => [
      ...hostProgram(hostPath(program)),
      ...['ip', 'ip6'].flatMap((family) =>
        ['', '-save', '-restore'].flatMap((tool): readonly ImageEntry[] => [
          { kind: 'link', to: `/usr/sbin/${family}${flavour}${tool}`, target: program },
        ]),
      ),
    ]),
    ...['ip', 'ip6'].flatMap((family) =>
      ['', '-save', '-restore'].map((tool): ImageEntry => {
        return { kind: 'link', to: `/usr/sbin/${family}tables-nft${tool}`, target: 'xtables-nft-multi' }
      }),
    ),
    ...globSync('/usr/lib/*/xtables').flatMap(hostLibraries),
  ]
}

function hostPath(program: string): string {
  const found = ['/usr/sbin', '/usr/bin', '/sbin'].map((folder) => join(folder, program)).find(existsSync)
  if (found === undefined) throw new Error(`${program} is missing: install iptables and util-linux`)
  return found
}
