import { once } from 'node:events'
import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import { createServer as createHttpsServer } from 'node:https'
import type { AddressInfo } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { createServer } from 'node:tls'
import { Code, ConnectError, createClient, createRouterTransport } from '@connectrpc/connect'
import { connectNodeAdapter } from '@connectrpc/connect-node'
import { AdminService } from '@heddle/api/admin'
import { createTestCa, type TestCa } from '@heddle/testkit/test-ca'
import { expect, test } from 'vitest'
import { CliError } from '../cli-error.ts'
import { connectControl, createControlClient, explainFailures, placeOf } from './control-client.ts'

const CONTEXT = {
  mesh: 'shop',
  // Nothing can listen on port 0.
  server: 'https://127.0.0.1:0',
  serverIdentity: 'spiffe://heddle.local/ns/heddle/sa/control',
  trustDomain: 'heddle.local',
  trustBundleFile: '/nowhere/ca.pem',
  tokenFile: '/nowhere/token',
}

function failingWith(code: Code, message: string) {
  const transport = createRouterTransport(({ service }) => {
    service(AdminService, {
      getVersion() {
        throw new ConnectError(message, code)
      },
    })
  })
  return explainFailures(createClient(AdminService, transport), placeOf(CONTEXT))
}

test.each([
  { code: Code.InvalidArgument, says: 'the control plane of mesh "shop" answered: no such window', hints: [] },
  {
    code: Code.Unauthenticated,
    says: 'the control plane of mesh "shop" refused: no such window',
    hints: ['the token in /nowhere/token is not (or no longer) valid'],
  },
  {
    code: Code.DeadlineExceeded,
    says: 'the control plane of mesh "shop" took too long to answer',
    hints: [expect.stringContaining('it is overloaded, or was stopped')],
  },
])('a call that fails with code $code throws CliError: $says', async ({ code, says, hints }) => {
  const error = await failingWith(code, 'no such window')
    .getVersion({})
    .catch((thrown: unknown) => thrown)
  expect(error).toBeInstanceOf(CliError)
  expect(error).toMatchObject({ message: says, hints })
})

test('a control plane that is not there is a CliError with what to do', async () => {
  const world = { kind: 'local', context: CONTEXT } as const
  const client = createControlClient({ world, place: placeOf(CONTEXT), trustBundlePem: '', token: 'secret' })
  const error = await client.admin.getVersion({}).catch((thrown: unknown) => thrown)
  client.close()
  expect(error).toBeInstanceOf(CliError)
  expect(error).toMatchObject({ hints: [expect.stringContaining('heddle up')] })
  expect(String(error)).not.toContain('secret')
})

const PROOF = { uris: [CONTEXT.serverIdentity], ipAddresses: ['127.0.0.1'] }

test.each<{
  readonly what: string
  readonly issue: (ca: TestCa) => ReturnType<TestCa['issue']>
  readonly says: string
}>([
  {
    what: 'has expired',
    issue: (ca) => ca.issue({ ...PROOF, notAfterMs: Date.now() - 1_000 }),
    says: 'certificate has expired',
  },
  {
    what: 'is of another authority',
    issue: async () => (await createTestCa()).issue(PROOF),
    says: 'unable to verify the first certificate',
  },
])(
  'a control plane whose certificate $what has not answered, and "heddle check" says more',
  async ({ issue, says }) => {
    const ca = await createTestCa()
    const { certificateChainPem: cert, privateKeyPem: key } = await issue(ca)
    const server = createServer({ cert, key }).listen(0, '127.0.0.1')
    await once(server, 'listening')
    const place = placeOf({ ...CONTEXT, server: `https://127.0.0.1:${(server.address() as AddressInfo).port}` })
    const world = { kind: 'local', context: CONTEXT } as const
    const client = createControlClient({ world, place, trustBundlePem: ca.trustBundlePem, token: 'secret' })
    const error = await client.admin.getVersion({}).catch((thrown: unknown) => thrown)
    client.close()
    server.close()
    expect(error).toMatchObject({
      message: `the control plane of mesh "shop" cannot prove to be it: ${says}`,
      hints: [expect.stringContaining('heddle check')],
    })
  },
)

test.each(['', 'two\nlines', 'with spaces', 'späte'])(
  'a token file of "%s" is refused by its name alone',
  async (text) => {
    const folder = await mkdtemp(join(tmpdir(), 'heddle-token-'))
    const [tokenFile, trustBundleFile] = [join(folder, 'token'), join(folder, 'ca.pem')]
    await writeFile(tokenFile, text)
    await writeFile(trustBundleFile, '')
    const error = await connectControl({ ...CONTEXT, tokenFile, trustBundleFile }).catch((thrown: unknown) => thrown)
    await rm(folder, { recursive: true })
    expect(error).toMatchObject({
      message: `${tokenFile} holds no token`,
      hints: [expect.stringContaining('heddle up')],
    })
  },
)

test('a client that outlives a root trusts who has the next one', async () => {
  const [former, next] = [await createTestCa(), await createTestCa()]
  const serve = ({ certificateChainPem: cert, privateKeyPem: key }: Awaited<ReturnType<TestCa['issue']>>) => {
    server.setSecureContext({ cert, key })
  }
  const routes = connectNodeAdapter({
    routes: (router) => router.service(AdminService, { getVersion: () => ({ version: '1' }) }),
  })
  const server = createHttpsServer({}, (request, response) => {
    // So that each call needs a connection of its own.
    response.setHeader('connection', 'close')
    routes(request, response)
  }).listen(0, '127.0.0.1')
  await once(server, 'listening')
  serve(await former.issue(PROOF))
  const place = placeOf({ ...CONTEXT, server: `https://127.0.0.1:${(server.address() as AddressInfo).port}` })
  let trusted = former.trustBundlePem
  const client = createControlClient({
    ...{ world: { kind: 'local', context: CONTEXT }, place, token: 'secret' },
    trustBundlePem: trusted,
    trustNow: async () => {
      if (trusted === '') throw new Error('no such file')
      return trusted
    },
  })
  expect(await client.admin.getVersion({})).toMatchObject({ version: '1' })
  serve(await next.issue(PROOF))
  await expect(client.admin.getVersion({})).rejects.toThrow('cannot prove to be it')
  trusted = next.trustBundlePem
  expect(await client.admin.getVersion({})).toMatchObject({ version: '1' })
  trusted = ''
  expect(await client.admin.getVersion({}), 'what it knew last').toMatchObject({ version: '1' })
  client.close()
  server.close()
})
