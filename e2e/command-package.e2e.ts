import { appendFileSync, mkdirSync, mkdtempSync, readFileSync, rmSync, symlinkSync, writeFileSync } from 'node:fs'
import { createServer, type Server } from 'node:http'
import type { AddressInfo } from 'node:net'
import { tmpdir } from 'node:os'
import { basename, join, resolve } from 'node:path'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { writeCommandPackage } from '../deploy/cli/command-package.ts'
import { writeRelease } from '../deploy/cli/release.ts'
import { type Finished, run } from './harness/process.ts'

/** The command line as people get it: an npm package, and an archive that a script fetches. */

const ROOT = resolve(import.meta.dirname, '..')
const SCRIPT = join(ROOT, 'deploy/cli/install.sh')
const VERSION = (JSON.parse(readFileSync(join(ROOT, 'package.json'), 'utf8')) as { readonly version: string }).version

const work = mkdtempSync(join(tmpdir(), 'heddle-command-'))
const releases = join(work, 'releases')
let archive = ''
let commandPackage = ''

beforeAll(() => {
  commandPackage = writeCommandPackage(join(work, 'package'))
  archive = writeRelease(commandPackage, join(releases, VERSION))
  writeFileSync(join(releases, 'latest'), `${VERSION}\n`)
})
afterAll(() => rmSync(work, { recursive: true, force: true }))

/** What `heddle install` of the checkout prints. */
async function manifestsOfCheckout(): Promise<string> {
  return (await run([join(ROOT, 'bin/heddle'), 'install', '--ignore-cluster'])).stdout
}

test('npm pack makes a package that npm installs, and its command works', async () => {
  const packed = await run(['npm', 'pack', commandPackage, '--silent'], { cwd: work })
  const prefix = join(work, 'npm')
  const file = join(work, packed.stdout.trim())
  // Without the runtime of proxies on this host, which would come from a registry.
  const flags = ['--omit=optional', '--offline', '--no-audit', '--no-fund', `--prefix=${prefix}`]
  const installed = await run(['npm', 'install', '--global', file, ...flags])
  expect(installed.status, installed.stderr).toBe(0)
  const command = join(prefix, 'bin/heddle')
  expect((await run([command, 'version', '--client'])).stdout).toContain(VERSION)
  expect((await run([command, 'install', '--ignore-cluster'])).stdout).toBe(await manifestsOfCheckout())
})

test('the package runs a mesh on one host', async () => {
  const folder = join(work, 'mesh')
  mkdirSync(folder)
  writeFileSync(join(folder, 'shop.yaml'), SHOP)
  mkdirSync(join(commandPackage, 'node_modules'), { recursive: true })
  symlinkSync(join(ROOT, 'node_modules/bun'), join(commandPackage, 'node_modules/bun'))
  const ran = await run([join(commandPackage, 'bin/heddle'), 'up', folder, '--mode=explicit', '--for=2s'], {
    env: { HEDDLE_HOME: join(work, 'home') },
  })
  expect(ran.status, ran.stderr).toBe(0)
  expect(ran.stdout + ran.stderr).toContain('cart-0 is ready')
})

const SHOP = `apiVersion: heddle.dev/v1alpha1
kind: Workload
metadata: {name: cart, namespace: shop}
spec:
  command: [node, -e, "require('http').createServer((q, r) => r.end()).listen(process.env.PORT, '127.0.0.1')"]
  ports: [{name: http, port: 8080}]
  env: [{name: PORT, valueFrom: {portRef: {name: http}}}]
`

function installBy(args: readonly string[], env: Readonly<Record<string, string>> = {}): Promise<Finished> {
  return run(['sh', SCRIPT, ...args], { env })
}

test('install.sh puts the newest release where it is told, over HTTP', async () => {
  await using server = await serve(releases)
  const prefix = join(work, 'prefix')
  const installed = await installBy(['--base', server.address, '--prefix', prefix])
  expect(installed.status, installed.stderr).toBe(0)
  const command = join(prefix, 'bin/heddle')
  expect((await run([command, 'version', '--client'])).stdout).toContain(VERSION)
  // It brings its own Node: none need be on the path.
  const { status } = await run(['env', '-i', 'PATH=/usr/bin:/bin', command, 'install', '--ignore-cluster'])
  expect(status).toBe(0)
})

test('install.sh takes a folder, a version and the environment, and may run again', async () => {
  const env = { HEDDLE_RELEASES: `file://${releases}/`, HEDDLE_PREFIX: join(work, 'again') }
  for (const _ of ['first', 'second']) {
    const { status, stderr } = await installBy(['--version', VERSION], env)
    expect(status, stderr).toBe(0)
  }
  expect((await run([join(work, 'again/bin/heddle'), 'version', '--client'])).stdout).toContain(VERSION)
})

test('install.sh refuses what is not what was released, and leaves nothing', async () => {
  const other = join(work, 'tampered')
  await run(['cp', '-r', releases, other])
  appendFileSync(join(other, VERSION, basename(archive)), 'more')
  const prefix = join(work, 'none')
  const { status, stderr } = await installBy(['--base', `file://${other}`, '--prefix', prefix])
  expect(status).toBe(1)
  expect(stderr).toContain('is not what was released')
  expect((await run(['ls', prefix])).status).not.toBe(0)
})

test.each([
  { what: 'without a place of releases', args: [], says: 'nothing says where releases are' },
  { what: 'a flag that it does not know', args: ['--bsae', 'x'], says: '--bsae is not known' },
  { what: 'a flag without its value', args: ['--base'], says: '--base needs a value' },
  {
    what: 'a version that is none',
    args: ['--base', 'file:///nowhere', '--version', '../x'],
    says: 'is not a version',
  },
  {
    what: 'releases that are not there',
    args: ['--base', 'file:///nowhere'],
    says: 'cannot read file:///nowhere/latest',
  },
])('install.sh refuses $what', async ({ args, says }) => {
  const { status, stderr } = await installBy(args, { HEDDLE_PREFIX: join(work, 'none') })
  expect(status).toBe(1)
  expect(stderr).toContain(says)
})

async function serve(folder: string): Promise<AsyncDisposable & { readonly address: string }> {
  const server: Server = createServer((request, response) => {
    try {
      response.end(readFileSync(join(folder, request.url ?? '')))
    } catch {
      response.writeHead(404).end()
    }
  })
  await new Promise<void>((listening) => {
    server.listen(0, '127.0.0.1', listening)
  })
  const { port } = server.address() as AddressInfo
  return {
    address: `http://127.0.0.1:${port}`,
    async [Symbol.asyncDispose]() {
      await new Promise((closed) => server.close(closed))
    },
  }
}
