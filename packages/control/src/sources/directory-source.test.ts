import { execFileSync } from 'node:child_process'
import { once } from 'node:events'
import { mkdir, mkdtemp, realpath, rename, rm, symlink, truncate, utimes, writeFile } from 'node:fs/promises'
import { createServer } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { formatProblem } from '@heddle/api/manifest/problem'
import { systemClock } from '@heddle/base/clock'
import { ManualClock } from '@heddle/testkit/manual-clock'
import { describe, expect, test } from 'vitest'
import { directorySource } from './directory-source.ts'
import { readManifests, readScan } from './read-manifests.ts'
import { scanDirectory } from './scan-directory.ts'
import { eventually, listen, type SourceWorld, testSource } from './source-contract.ts'

/** A directory of its own, and a source that looks at it often. */
class DirectoryWorld implements SourceWorld {
  readonly path: string
  readonly source

  constructor(path: string, root = path) {
    this.path = path
    this.source = directorySource({ path: root, clock: systemClock, debounceMs: 5, pollMs: 50 })
  }

  at(name: string): string {
    return join(this.path, name)
  }

  /** As a careful editor saves: a new file, moved over the old one. */
  async write(yaml: string, name = 'objects.yaml'): Promise<void> {
    await writeFile(this.at('.new'), yaml)
    await rename(this.at('.new'), this.at(name))
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await rm(this.path, { recursive: true })
  }
}

async function open(): Promise<DirectoryWorld> {
  return new DirectoryWorld(await realpath(await mkdtemp(join(tmpdir(), 'heddle-source-'))))
}

/** Some kernels date a file by a clock of 4 ms: what is written within that time again looks the same. */
const age = (path: string) => utimes(path, 1_000_000, 1_000_000)

const namespace = (name: string) => `apiVersion: v1\nkind: Namespace\nmetadata: {name: ${name}}\n`
const names = (source: DirectoryWorld['source']) =>
  source
    .objects()
    .map(({ metadata }) => metadata.name)
    .sort()

const account = (name: string) =>
  `apiVersion: v1\nkind: ServiceAccount\nmetadata: {name: ${name}, namespace: contract}\n`
const SERVICE = `apiVersion: v1\nkind: Service\nmetadata: {name: a, namespace: contract}\nspec: {ports: [{port: 1}]}\n`
const CONTRACT = {
  refuses: 'the set',
  wrong: { yaml: account('Wrong'), names: ['Wrong'], field: 'metadata.name' },
  right: { yaml: account('right'), names: ['right'] },
  doubtful: { yaml: SERVICE, names: ['a'], field: 'spec' },
} as const

describe('a directory is a source that', () => testSource({ ...CONTRACT, open }))

describe('a single file is a source that', () => {
  testSource({
    ...CONTRACT,
    async open() {
      const path = await realpath(await mkdtemp(join(tmpdir(), 'heddle-source-')))
      return new DirectoryWorld(path, join(path, 'objects.yaml'))
    },
  })
})

describe('directorySource() follows', () => {
  test('files that come and go, below new directories as well', async () => {
    await using world = await open()
    const ended = new AbortController()
    await world.write(namespace('a'), 'a.yaml')
    await listen(world.source, ended.signal)
    await mkdir(world.at('more/below'), { recursive: true })
    await writeFile(world.at('more/below/b.yml'), namespace('b'))
    await eventually(() => expect(names(world.source)).toEqual(['a', 'b']))
    await writeFile(
      world.at('c.json'),
      JSON.stringify({ apiVersion: 'v1', kind: 'Namespace', metadata: { name: 'c' } }),
    )
    await eventually(() => expect(names(world.source)).toEqual(['a', 'b', 'c']))
    await rm(world.at('more'), { recursive: true })
    await eventually(() => expect(names(world.source)).toEqual(['a', 'c']))
    ended.abort()
  })

  test('a file that is written in place', async () => {
    await using world = await open()
    const ended = new AbortController()
    await writeFile(world.at('a.yaml'), namespace('a'))
    await age(world.at('a.yaml'))
    await listen(world.source, ended.signal)
    await writeFile(world.at('a.yaml'), namespace('b'))
    await eventually(() => expect(names(world.source)).toEqual(['b']))
    ended.abort()
  })

  test('links that are turned, as clusters do with mounted configuration', async () => {
    await using world = await open()
    const ended = new AbortController()
    for (const version of ['1', '2']) {
      await mkdir(world.at(`..v${version}`))
      await writeFile(world.at(`..v${version}/a.yaml`), namespace(`v${version}`))
    }
    await symlink('..v1', world.at('..current'))
    await symlink('..current/a.yaml', world.at('a.yaml'))
    await listen(world.source, ended.signal)
    expect(names(world.source)).toEqual(['v1'])
    await symlink('..v2', world.at('..next'))
    await rename(world.at('..next'), world.at('..current'))
    await eventually(() => expect(names(world.source)).toEqual(['v2']))
    ended.abort()
  })

  test('what changes where it does not watch, by looking now and then', async () => {
    await using world = await open()
    await mkdir(world.at('.store'))
    await using hidden = new DirectoryWorld(world.at('.store'))
    const clock = new ManualClock()
    const source = directorySource({ path: world.path, clock, pollMs: 1_000 })
    const ended = new AbortController()
    await hidden.write(namespace('a'))
    await symlink('.store/objects.yaml', world.at('link.yaml'))
    await listen(source, ended.signal)
    await hidden.write(namespace('b'))
    expect(source.objects().map(({ metadata }) => metadata.name)).toEqual(['a'])
    clock.advance(1_000)
    await eventually(() => expect(source.objects().map(({ metadata }) => metadata.name)).toEqual(['b']))
    ended.abort()
    expect(clock.waiting).toBe(0)
  })

  test.each([
    { name: 'a directory that was replaced', next: 'dir' },
    { name: 'a directory to which a link was turned', next: 'other' },
  ])('$name, and hears of what changes in it then', async ({ next }) => {
    await using world = await open()
    const clock = new ManualClock()
    const source = directorySource({ path: world.at('link'), clock, pollMs: 60_000 })
    const told = () => source.objects().map(({ metadata }) => metadata.name)
    const ended = new AbortController()
    await mkdir(world.at('dir'))
    await symlink('dir', world.at('link'))
    await writeFile(world.at('dir/a.yaml'), namespace('a'))
    await listen(source, ended.signal)
    await rename(world.at('dir'), world.at('away'))
    await mkdir(world.at(next))
    await writeFile(world.at(`${next}/a.yaml`), namespace('b'))
    await symlink(next, world.at('turned'))
    await rename(world.at('turned'), world.at('link'))
    clock.advance(60_000)
    await eventually(() => expect(told()).toEqual(['b']))
    await eventually(() => expect(clock.waiting).toBe(1))
    await writeFile(world.at(`${next}/a.yaml`), namespace('later'))
    await eventually(() => {
      clock.advance(1)
      expect(told()).toEqual(['later'])
    })
    ended.abort()
  })

  test('a directory that goes away keeps what it said, until it comes back', async () => {
    await using world = await open()
    const ended = new AbortController()
    await mkdir(world.at('dir'))
    await writeFile(world.at('dir/a.yaml'), namespace('a'))
    const inner = new DirectoryWorld(world.at('dir'))
    await listen(inner.source, ended.signal)
    await rename(world.at('dir'), world.at('.away'))
    await eventually(() => {
      expect(inner.source.status().problems.map(formatProblem)).toEqual([`${world.at('dir')}: does not exist`])
    })
    expect(names(inner.source)).toEqual(['a'])
    await rename(world.at('.away'), world.at('dir'))
    await eventually(() => expect(inner.source.status().problems).toEqual([]))
    ended.abort()
  })
})

describe('what cannot be read is a problem:', () => {
  test('a path that does not exist', async () => {
    await using world = await open()
    const { problems } = await readManifests(world.at('nowhere'))
    expect(problems.map(formatProblem)).toEqual([`${world.at('nowhere')}: does not exist`])
  })

  test('a link to nothing, a loop of links, a socket, a file too large, bytes that are no text: all at once', async () => {
    await using world = await open()
    await symlink('nothing', world.at('a.yaml'))
    await symlink('b.yaml', world.at('b.yaml'))
    const server = createServer().listen(world.at('c.yaml'))
    await once(server, 'listening')
    await writeFile(world.at('d.yaml'), '')
    await truncate(world.at('d.yaml'), 256 * 1024 + 1)
    await writeFile(world.at('e.yaml'), Buffer.from([0x61, 0xff, 0xfe]))
    const { problems, objects } = await readManifests(world.path)
    server.close()
    expect(objects).toEqual([])
    expect(problems.map((problem) => formatProblem(problem).slice(world.path.length + 1))).toEqual([
      'a.yaml: does not exist',
      'b.yaml: is a loop of symbolic links',
      'c.yaml: is not a regular file',
      'd.yaml: has more than 262144 bytes',
      'e.yaml: cannot be read: it is not UTF-8',
    ])
  })

  test('a link out of the directory, of which no line is shown', async () => {
    await using world = await open()
    await using foreign = await open()
    await foreign.write('secret: [lines', 'secret')
    await foreign.write(namespace('foreign'), 'a.yaml')
    await symlink(foreign.at('secret'), world.at('file.yaml'))
    await symlink(foreign.path, world.at('directory'))
    await symlink(foreign.at('secret'), world.at('notes.txt'))
    await symlink('file.yaml', world.at('hop.yaml'))
    await mkdir(`${world.path}-2`)
    await symlink(`${world.path}-2`, world.at('sibling'))
    const { problems, objects } = await readManifests(world.path)
    await rm(`${world.path}-2`, { recursive: true })
    expect(objects).toEqual([])
    const reason = 'is a symbolic link out of the directory: only links within it are followed'
    expect(problems.map((problem) => formatProblem(problem).slice(world.path.length + 1))).toEqual([
      `directory: ${reason}`,
      `file.yaml: ${reason}`,
      `hop.yaml: ${reason}`,
      `sibling: ${reason}`,
    ])
  })

  test('a file that has become a link out of the directory since it was found', async () => {
    await using world = await open()
    await using foreign = await open()
    await foreign.write('secret: [lines', 'secret')
    await writeFile(world.at('a.yaml'), '')
    const scan = await scanDirectory(world.path)
    await rm(world.at('a.yaml'))
    await symlink(foreign.at('secret'), world.at('a.yaml'))
    const { problems, isComplete } = await readScan(world.path, scan)
    expect(problems.length).toBe(1)
    expect(problems[0]!.reason).toContain('it is a symbolic link out of the directory')
    expect(isComplete).toBe(false)
  })

  test('a file that has become a FIFO since it was found is not waited for', async () => {
    await using world = await open()
    await writeFile(world.at('a.yaml'), '')
    const scan = await scanDirectory(world.path)
    await rm(world.at('a.yaml'))
    execFileSync('mkfifo', [world.at('a.yaml')])
    const { problems, isComplete } = await readScan(world.path, scan)
    expect(problems).toMatchObject([{ reason: 'cannot be read: it is not a regular file' }])
    expect(isComplete).toBe(false)
  })

  test('a file that has grown since it was found is read no further than may be', async () => {
    await using world = await open()
    await writeFile(world.at('a.yaml'), '')
    const scan = await scanDirectory(world.path)
    await truncate(world.at('a.yaml'), 1 << 30)
    const { problems } = await readScan(world.path, scan)
    expect(problems).toMatchObject([{ reason: 'has more than 262144 characters' }])
  })

  test('a directory without a file to read is worth a warning', async () => {
    await using world = await open()
    await writeFile(world.at('notes.txt'), 'x')
    const { problems } = await readManifests(world.path)
    expect(problems).toMatchObject([{ severity: 'warning', reason: 'there is no .yaml, .yml or .json file here' }])
  })
})

describe('scanDirectory()', () => {
  test('follows links into each directory once, and passes over hidden names', async () => {
    await using world = await open()
    await mkdir(world.at('one/two'), { recursive: true })
    await mkdir(world.at('node_modules'))
    await writeFile(world.at('one/two/a.yaml'), '')
    await writeFile(world.at('node_modules/b.yaml'), '')
    await writeFile(world.at('.hidden.yaml'), '')
    await symlink('../..', world.at('one/two/up'))
    await symlink('one', world.at('again'))
    await symlink('one/two/a.yaml', world.at('z.yaml'))
    const { files, problems } = await scanDirectory(world.path)
    expect(problems).toEqual([])
    expect(files).toEqual([world.at('again/two/a.yaml')])
  })

  test('has the same signature until something changes', async () => {
    await using world = await open()
    await writeFile(world.at('a.yaml'), 'a')
    await age(world.at('a.yaml'))
    const { signature } = await scanDirectory(world.path)
    expect((await scanDirectory(world.path)).signature).toBe(signature)
    await writeFile(world.at('a.yaml'), 'b')
    expect((await scanDirectory(world.path)).signature).not.toBe(signature)
  })

  test('looks through a link that was named itself, at a directory or a file', async () => {
    await using world = await open()
    await mkdir(world.at('real'))
    await writeFile(world.at('real/a.yaml'), namespace('a'))
    await symlink('a.yaml', world.at('real/b.yaml'))
    await symlink('real', world.at('link'))
    await symlink('real/a.yaml', world.at('link.yaml'))
    expect((await readManifests(world.at('link'))).objects.length).toBe(1)
    expect((await readManifests(world.at('link.yaml'))).objects.length).toBe(1)
  })
})
