import { mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join, resolve } from 'node:path'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { bundlePrograms } from '../deploy/images/bundle-programs.ts'
import { controlImage, proxyImage } from '../deploy/images/heddle-images.ts'
import { writeContent } from '../deploy/images/write-content.ts'
import type { Image } from './cluster/images/pack-image.ts'
import { type Finished, run } from './harness/process.ts'
import { canRun } from './harness/requirements.ts'

/** What the images are made of starts, as their user, where nothing can be written to. */

const IMAGES = resolve(import.meta.dirname, '../deploy/images')
const work = mkdtempSync(join(tmpdir(), 'heddle-images-'))
let control: Image
let proxy: Image

beforeAll(() => {
  const bundles = bundlePrograms(join(work, 'bundles'))
  control = controlImage(bundles)
  proxy = proxyImage(bundles)
  writeContent(control.entries, join(work, 'control'))
  writeContent(proxy.entries, join(work, 'proxy'))
})
afterAll(() => rmSync(work, { recursive: true, force: true }))

/** Runs a command as a container of the image would: as its user, with its files, none of which it can write. */
function runIn(name: 'control' | 'proxy', { config }: Image, command: readonly string[]): Promise<Finished> {
  const root = join(work, name)
  const mounts = [
    `mount --bind ${root} ${root}`,
    ...['proc', 'dev'].map((folder) => `mount --bind /${folder} ${root}/${folder}`),
    `mount -o remount,ro,bind ${root}`,
  ]
  const environment = { PATH: '/usr/local/bin:/usr/sbin:/usr/bin', ...config.environment }
  const variables = Object.entries(environment).map(([key, value]) => `${key}=${value}`)
  const script = `mkdir -p ${root}/proc ${root}/dev && ${mounts.join(' && ')} && exec env -i ${variables.join(' ')} "$@"`
  const chroot = ['chroot', `--userspec=${config.user}`, root, ...command]
  return run(['unshare', '--mount', 'sh', '-c', script, 'sh', ...chroot])
}

describe.runIf(canRun('root', 'unshare'))('an image', () => {
  test('of the control plane starts it', async () => {
    const { status, stderr } = await runIn('control', control, control.config.entrypoint ?? [])
    expect({ status, stderr }).toEqual({ status: 2, stderr: expect.stringContaining('--config: missing') })
  })

  test('of the control plane has the command line', async () => {
    const { stdout } = await runIn('control', control, ['heddle', 'install', '--ignore-cluster'])
    expect(stdout).toContain('kind: Deployment')
  })

  test('of the proxy starts it', async () => {
    const { status, stderr } = await runIn('proxy', proxy, proxy.config.entrypoint ?? [])
    expect({ status, stderr }).toEqual({ status: 2, stderr: expect.stringContaining('HEDDLE_NAMESPACE is not set') })
  })

  test('of the proxy has the init program, and iptables for it', async () => {
    expect((await runIn('proxy', proxy, ['bun', '/heddle/init.js', 'redirect', '--no'])).stderr).toContain('--no')
    for (const family of ['iptables', 'ip6tables']) {
      for (const variant of ['nft', 'legacy']) {
        const { stdout } = await runIn('proxy', proxy, [`${family}-${variant}-restore`, '--version'])
        expect(stdout).toMatch(/-restore v1/)
      }
    }
  })

  test.each(['sh', 'bash', 'apt', 'curl'])('has no %s', async (program) => {
    for (const [name, image] of [
      ['control', control],
      ['proxy', proxy],
    ] as const) {
      expect((await runIn(name, image, [program, '--version'])).status).toBe(127)
    }
  })
})

test.each(['control', 'proxy'] as const)('the Dockerfile of %s says what the packer says', (name) => {
  const { config } = name === 'control' ? control : proxy
  const lines = readFileSync(join(IMAGES, name, 'Dockerfile'), 'utf8').split('\n')
  const said = (word: string): string => lines.find((line) => line.startsWith(`${word} `))?.slice(word.length + 1) ?? ''
  expect(JSON.parse(said('ENTRYPOINT'))).toEqual(config.entrypoint)
  expect(said('USER')).toBe(config.user)
  for (const [key, value] of Object.entries(config.environment ?? {})) expect(said('ENV')).toContain(`${key}=${value}`)
})

test('images hold their program, its runtime and libraries, and nothing of this machine', () => {
  expect(readdirSync(join(work, 'control/usr/local/bin')).toSorted()).toEqual(['heddle', 'node'])
  expect(readdirSync(join(work, 'proxy/usr/local/bin'))).toEqual(['bun'])
  expect(readdirSync(join(work, 'control/etc')).toSorted()).toEqual(['group', 'nsswitch.conf', 'passwd'])
})
