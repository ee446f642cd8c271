import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { fetchFolder } from '../../../tools/suites/fetch-program.ts'
import type { ImageEntry } from './image-content.ts'
import { packOnce } from './test-images.ts'

const BUILD_DEADLINE_MS = 20 * 60_000

/**
 * Packs what the Gateway API's mesh tests run in their pods, under the names that their manifests have, built from its source.
 *
 * @returns the archives
 */
export async function packConformanceImages(): Promise<readonly string[]> {
  const folder = await fetchFolder('echo-advanced', BUILD_DEADLINE_MS)
  const tags = await tagsOf('echo-advanced')
  const program = (name: string): ImageEntry => ({
    kind: 'copy',
    from: join(folder, name),
    to: `/usr/local/bin/${name}`,
  })
  const secret = (name: string): ImageEntry => ({ kind: 'copy', from: join(folder, name), to: `/${name}`, mode: 0o644 })
  const entries = [program('server'), program('client'), secret('cert.crt'), secret('cert.key')]
  return [packOnce({ tags, entries, config: { entrypoint: ['/usr/local/bin/server'], user: '1338' } })]
}

async function tagsOf(image: string): Promise<readonly string[]> {
  const manifests = readFileSync(join(await fetchFolder('gateway-api'), 'mesh-base.yaml'), 'utf8')
  const tags = new Set([...manifests.matchAll(/image: (\S+)/g)].map(([, tag = '']) => tag))
  return [...tags].filter((tag) => tag.includes(`/${image}:`))
}
