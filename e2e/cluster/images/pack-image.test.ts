import { execFileSync } from 'node:child_process'
import { createHash } from 'node:crypto'
import { chmodSync, mkdirSync, mkdtempSync, readFileSync, rmSync, symlinkSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, describe, expect, test } from 'vitest'
import { type Image, packImage } from './pack-image.ts'

const folder = mkdtempSync(join(tmpdir(), 'pack-image-'))
afterAll(() => rmSync(folder, { recursive: true }))

const LONG = `${'deep/'.repeat(30)}${'n'.repeat(120)}.txt`

function makeContent(name: string): string {
  const root = join(folder, name)
  mkdirSync(join(root, LONG, '..'), { recursive: true })
  writeFileSync(join(root, 'program'), 'x'.repeat(3 * 1024 * 1024 + 7))
  chmodSync(join(root, 'program'), 0o755)
  writeFileSync(join(root, LONG), 'found')
  symlinkSync('program', join(root, 'alias'))
  return root
}

const image = (from: string): Image => ({
  tags: ['example/app:1', 'example/app:2'],
  architecture: 'arm64',
  entries: [
    { kind: 'copy', from, to: '/app' },
    { kind: 'text', to: '/etc/passwd', text: 'root:x:0:0:root:/:/bin/sh\n' },
    { kind: 'folder', to: '/tmp', mode: 0o1777 },
    { kind: 'link', to: '/bin', target: 'usr/bin' },
  ],
  config: { entrypoint: ['/app/program'], user: '15020', environment: { MODE: 'test' } },
})

function unpack(archive: string, name: string): string {
  const target = join(folder, name)
  mkdirSync(target)
  execFileSync('tar', ['-xf', archive, '-C', target])
  return target
}

describe('packImage()', () => {
  const archive = join(folder, 'image.tar')
  packImage(image(makeContent('content')), archive)
  const outer = unpack(archive, 'outer')
  const [manifest] = JSON.parse(readFileSync(join(outer, 'manifest.json'), 'utf8'))
  const config = JSON.parse(readFileSync(join(outer, manifest.Config), 'utf8'))

  test('names the image and how it runs', () => {
    expect(manifest.RepoTags).toEqual(['example/app:1', 'example/app:2'])
    expect(config.architecture).toBe('arm64')
    expect(config.config).toMatchObject({ Entrypoint: ['/app/program'], User: '15020' })
    expect(config.config.Env).toContain('MODE=test')
  })

  test('names layer and configuration by their content', () => {
    const hash = (file: string) =>
      createHash('sha256')
        .update(readFileSync(join(outer, file)))
        .digest('hex')
    expect(config.rootfs.diff_ids).toEqual([`sha256:${hash('layer.tar')}`])
    expect(manifest.Config).toBe(`${hash(manifest.Config)}.json`)
  })

  test('has files, links, modes and names of any length, all of root', () => {
    const inner = unpack(join(outer, 'layer.tar'), 'inner')
    expect(readFileSync(join(inner, 'app/program')).equals(readFileSync(join(folder, 'content/program')))).toBe(true)
    expect(readFileSync(join(inner, 'app', LONG), 'utf8')).toBe('found')
    const list = execFileSync('tar', ['--numeric-owner', '-tvf', join(outer, 'layer.tar')], { encoding: 'utf8' })
    expect(list).toMatch(/^-rwxr-xr-x 0\/0 +3145735 .* app\/program$/m)
    expect(list).toMatch(/^drwxrwxrwt 0\/0 .* tmp\/$/m)
    expect(list).toMatch(/^l.* bin -> usr\/bin$/m)
    expect(list).toMatch(/^l.* app\/alias -> program$/m)
  })

  test('makes the same file of the same content', () => {
    const again = join(folder, 'again.tar')
    packImage(image(makeContent('content-2')), again)
    expect(readFileSync(again).equals(readFileSync(archive))).toBe(true)
  })

  test('leaves the last image alone when content is missing', () => {
    const before = readFileSync(archive)
    expect(() => packImage(image(join(folder, 'nowhere')), archive)).toThrow(/nowhere/)
    expect(readFileSync(archive).equals(before)).toBe(true)
  })
})
