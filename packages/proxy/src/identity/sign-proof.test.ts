import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, describe, expect, test } from 'vitest'
import { readProof } from './sign-proof.ts'

let folder = ''
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'heddle-proof-'))
})
afterEach(() => rm(folder, { recursive: true, force: true }))

describe('readProof()', () => {
  test('shows a join token only where there is no certificate', async () => {
    const joinTokenFile = join(folder, 'token')
    await writeFile(joinTokenFile, 'hdl1.a.b\n')
    const files = { joinTokenFile, serviceAccountTokenFile: undefined }
    const proofs = [await readProof(files, { hasCertificate: false }), await readProof(files, { hasCertificate: true })]
    expect(proofs).toEqual([
      { joinToken: 'hdl1.a.b', serviceAccountToken: '' },
      { joinToken: '', serviceAccountToken: '' },
    ])
  })

  test('reads the token of the service account anew for each request, also beside a certificate', async () => {
    const serviceAccountTokenFile = join(folder, 'token')
    const files = { joinTokenFile: undefined, serviceAccountTokenFile }
    await writeFile(serviceAccountTokenFile, 'first\n')
    const first = await readProof(files, { hasCertificate: false })
    await writeFile(serviceAccountTokenFile, 'second')
    const second = await readProof(files, { hasCertificate: true })
    expect([first.serviceAccountToken, second.serviceAccountToken]).toEqual(['first', 'second'])
  })

  test.each([{ name: 'not there' }, { name: 'empty', text: ' \n' }])('fails while it is $name', async ({ text }) => {
    const serviceAccountTokenFile = join(folder, 'token')
    if (text !== undefined) await writeFile(serviceAccountTokenFile, text)
    const files = { joinTokenFile: undefined, serviceAccountTokenFile }
    await expect(readProof(files, { hasCertificate: false })).rejects.toThrow('token of the service account')
  })
})
