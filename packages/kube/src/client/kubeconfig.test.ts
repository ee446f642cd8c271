import { chmod, mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { ManualClock } from '@heddle/testkit/manual-clock'
import { afterEach, beforeEach, describe, expect, test } from 'vitest'
import { stringify } from 'yaml'
import { type AccessOptions, inClusterAccess, loadClusterAccess } from './kubeconfig.ts'

let directory = ''
const clock = new ManualClock()

beforeEach(async () => {
  directory = await mkdtemp(join(tmpdir(), 'heddle-kubeconfig-'))
})

afterEach(() => rm(directory, { recursive: true }))

async function write(name: string, content: unknown): Promise<string> {
  const path = join(directory, name)
  await mkdir(join(path, '..'), { recursive: true })
  await writeFile(path, typeof content === 'string' ? content : stringify(content))
  return path
}

/** Each line has the one before it ten times. */
const BILLION = [...'bcdefghij'].reduce(
  (text, name, at) => `${text}${name}: &${name} [${new Array(10).fill(`*${'abcdefghi'[at]}`).join()}]\n`,
  'a: &a [x]\n',
)

/** A kubeconfig with one context, `dev`. */
function config({ user = {}, cluster = {}, context = {} }: Record<string, object> = {}) {
  return {
    apiVersion: 'v1',
    kind: 'Config',
    'current-context': 'dev',
    clusters: [{ name: 'c', cluster: { server: 'https://10.0.0.1:6443/', ...cluster } }],
    users: [{ name: 'u', user }],
    contexts: [{ name: 'dev', context: { cluster: 'c', user: 'u', ...context } }],
  }
}

async function load(content: unknown, options: AccessOptions = {}, env: Record<string, string> = {}) {
  const kubeconfig = await write('config', content)
  return loadClusterAccess({ kubeconfig, ...options }, { env, clock })
}

async function headersOf(content: unknown, options: AccessOptions = {}) {
  return (await (await load(content, options)).credentials()).headers
}

/** What an agent was made of. */
async function tlsOf(content: unknown, env: Record<string, string> = {}) {
  const { agent } = await (await load(content, {}, env)).credentials()
  return (agent as unknown as { options: Record<string, unknown> }).options
}

const base64 = (text: string) => Buffer.from(text).toString('base64')

describe('loadClusterAccess()', () => {
  test('takes the current context: server, namespace and name', async () => {
    const access = await load(config({ context: { namespace: 'shop' } }))
    expect(access).toMatchObject({ server: 'https://10.0.0.1:6443', contextName: 'dev', namespace: 'shop' })
    expect((await load(config())).namespace).toBe('default')
  })

  test('joins the files of KUBECONFIG, of which the first one wins, and passes over those that do not exist', async () => {
    const first = { 'current-context': 'prod', users: [{ name: 'u', user: { token: 'first' } }] }
    const second = config({ user: { token: 'second' } })
    const other = { contexts: [{ name: 'prod', context: { cluster: 'c', user: 'u', namespace: 'p' } }] }
    const paths = [
      join(directory, 'missing'),
      await write('1', first),
      await write('2', second),
      await write('3', other),
    ]
    const access = await loadClusterAccess({}, { env: { KUBECONFIG: paths.join(':') }, clock })
    expect(access).toMatchObject({ contextName: 'prod', namespace: 'p' })
    expect((await access.credentials()).headers).toEqual({ Authorization: 'Bearer first' })
  })

  test('reads ~/.kube/config where nothing else is said', async () => {
    await write('.kube/config', config({ user: { token: 'home' } }))
    const access = await loadClusterAccess({}, { env: { HOME: directory }, clock })
    expect((await access.credentials()).headers).toEqual({ Authorization: 'Bearer home' })
  })

  test('is that of the pod where there is no kubeconfig', async () => {
    const env = { HOME: directory, KUBERNETES_SERVICE_HOST: '10.96.0.1', KUBERNETES_SERVICE_PORT: '443' }
    for (const [name, text] of Object.entries({ token: 't', 'ca.crt': 'CA', namespace: 'heddle' }))
      await write(name, text)
    const access = await loadClusterAccess({}, { env, clock, podDirectory: directory })
    expect(access.contextName).toBe('in-cluster')
    await expect(loadClusterAccess({ context: 'dev' }, { env, clock })).rejects.toThrow('there is no kubeconfig')
  })

  test.each([
    { name: 'a token', user: { token: 'abc' }, headers: { Authorization: 'Bearer abc' } },
    {
      name: 'name and password',
      user: { username: 'ada', password: 'x' },
      headers: { Authorization: `Basic ${base64('ada:x')}` },
    },
    { name: 'nothing', user: {}, headers: {} },
    {
      name: 'impersonation',
      user: { token: 'abc', as: 'ada', 'as-uid': '7', 'as-groups': ['dev', 'ops'], 'as-user-extra': { 'a/b': ['c'] } },
      headers: {
        Authorization: 'Bearer abc',
        'Impersonate-User': 'ada',
        'Impersonate-Uid': '7',
        'Impersonate-Group': ['dev', 'ops'],
        'Impersonate-Extra-a%2Fb': ['c'],
      },
    },
  ])('shows $name', async ({ user, headers }) => {
    expect(await headersOf(config({ user }))).toEqual(headers)
  })

  test('acts as whom the caller says, in place of what the kubeconfig says', async () => {
    const content = config({ user: { token: 'abc', as: 'ada', 'as-groups': ['dev'] } })
    expect(await headersOf(content, { asUser: 'grace', asGroups: ['ops'] })).toEqual({
      Authorization: 'Bearer abc',
      'Impersonate-User': 'grace',
      'Impersonate-Group': ['ops'],
    })
    await expect(load(content, { asGroups: ['ops'] })).rejects.toThrow('groups need a user to act as')
  })

  test('reads a token file anew after a minute or when the token was refused, and before a token beside it', async () => {
    const path = await write('token', 'one\n')
    const access = await load(config({ user: { token: 'beside', tokenFile: 'token' } }))
    const shown = async () => (await access.credentials()).headers.Authorization
    expect(await shown()).toBe('Bearer one')
    await writeFile(path, 'two')
    expect(await shown()).toBe('Bearer one')
    clock.advance(60_000)
    expect(await shown()).toBe('Bearer two')
    await writeFile(path, 'three')
    access.forgetCredentials()
    expect(await shown()).toBe('Bearer three')
  })

  test('verifies by the CA of data or file, by another name, or not at all', async () => {
    await write('pki/ca.crt', 'FILE')
    expect(await tlsOf(config({ cluster: { 'certificate-authority-data': base64('DATA') } }))).toMatchObject({
      ca: 'DATA',
      rejectUnauthorized: true,
      keepAlive: true,
    })
    expect(await tlsOf(config({ cluster: { 'certificate-authority': 'pki/ca.crt' } }))).toMatchObject({ ca: 'FILE' })
    const cluster = { 'tls-server-name': 'kubernetes', 'insecure-skip-tls-verify': true }
    expect(await tlsOf(config({ cluster }))).toMatchObject({ servername: 'kubernetes', rejectUnauthorized: false })
  })

  test('shows a client certificate, and replaces connections when it is renewed', async () => {
    const path = await write('client.crt', 'CERT')
    const user = { 'client-certificate': 'client.crt', 'client-key-data': base64('KEY') }
    const access = await load(config({ user }))
    const first = await access.credentials()
    expect(first.agent).toMatchObject({ options: { cert: 'CERT', key: 'KEY' } })
    expect((await access.credentials()).agent).toBe(first.agent)
    await writeFile(path, 'RENEWED')
    access.forgetCredentials()
    expect((await access.credentials()).agent).toMatchObject({ options: { cert: 'RENEWED', key: 'KEY' } })
    await expect(load(config({ user: { 'client-key-data': 'x' } }))).rejects.toThrow(
      'a client certificate needs its key',
    )
  })

  test.each([
    {
      name: 'of the cluster',
      cluster: { 'proxy-url': 'http://p:1' },
      env: { HTTPS_PROXY: 'http://e:2' },
      proxy: 'http://p:1',
    },
    { name: 'of the environment', cluster: {}, env: { https_proxy: 'e:2' }, proxy: 'http://e:2' },
    { name: 'of nobody', cluster: {}, env: { HTTPS_PROXY: 'http://e:2', NO_PROXY: 'x, 10.0.0.0/8' }, proxy: undefined },
  ])('goes through the proxy $name', async ({ cluster, env, proxy }) => {
    const { proxyEnv } = (await tlsOf(config({ cluster }), env)) as { proxyEnv?: Record<string, string> }
    expect(proxyEnv?.HTTPS_PROXY).toBe(proxy)
  })

  test.each([
    {
      name: 'a context that does not exist',
      content: config(),
      options: { context: 'prod' },
      message: 'there is no context prod; there are: dev',
    },
    { name: 'no current context', content: { contexts: [] }, options: {}, message: 'no current-context is set' },
    {
      name: 'a cluster that does not exist',
      content: config({ context: { cluster: 'x' } }),
      options: {},
      message: 'context dev: there is no cluster x',
    },
    {
      name: 'a user that does not exist',
      content: config({ context: { user: 'x' } }),
      options: {},
      message: 'context dev: there is no user x',
    },
    {
      name: 'a server that is no URL',
      content: config({ cluster: { server: '10.0.0.1' } }),
      options: {},
      message: 'cluster c has no server that is a URL',
    },
    {
      name: 'a plugin without command',
      content: config({ user: { exec: {} } }),
      options: {},
      message: 'the credential plugin of user u has no command',
    },
    {
      name: 'a server that has no port of this world',
      content: config({ cluster: { server: 'https://h:99999' } }),
      options: {},
      message: 'context dev: cluster c has no server that is a URL',
    },
    { name: 'what is not YAML', content: 'a: b: c', options: {}, message: 'is not a kubeconfig' },
    { name: 'aliases that stand for a billion values', content: BILLION, options: {}, message: 'is not a kubeconfig' },
    {
      name: 'a context by a name of the language',
      content: config(),
      options: { context: '__proto__' },
      message: 'there is no context',
    },
  ])('refuses $name', async ({ content, options, message }) => {
    await expect(load(content, options)).rejects.toThrow(message)
  })

  test('shows no line of a file that is not YAML', async () => {
    const refusal = await load('users:\n- user: {token: s3cret\n').catch(String)
    expect(refusal).toMatch(/is not a kubeconfig.* at line \d+/s)
    expect(refusal).not.toContain('s3cret')
  })

  test('passes over entries that are incomplete, but that nobody has chosen', async () => {
    const { clusters, users, ...rest } = config()
    const access = await load({
      ...rest,
      clusters: [...clusters, { name: 'half', cluster: {} }],
      users: [...users, { name: 'half', user: { exec: {} } }],
    })
    expect(access.server).toBe('https://10.0.0.1:6443')
  })

  test('says which file it cannot read', async () => {
    const kubeconfig = join(directory, 'missing')
    await expect(loadClusterAccess({ kubeconfig })).rejects.toThrow(kubeconfig)
  })

  test("leaves kubectl's auth providers to the library", async () => {
    const [header, claims] = [{ alg: 'none' }, { exp: 4_102_444_800 }].map((part) => base64(JSON.stringify(part)))
    const provider = {
      name: 'oidc',
      config: { 'id-token': `${header}.${claims}.x`, 'idp-issuer-url': 'https://issuer' },
    }
    const access = await load(config({ user: { 'auth-provider': provider, as: 'ada' } }))
    expect(access).toMatchObject({ server: 'https://10.0.0.1:6443', contextName: 'dev' })
    expect((await access.credentials()).headers).toEqual({
      Authorization: `Bearer ${header}.${claims}.x`,
      'Impersonate-User': 'ada',
    })
  })

  const SOCKS = 'socks5://127.0.0.1:1080'
  test.each([
    { name: 'of the cluster', proxy: { 'proxy-url': SOCKS }, env: {} },
    { name: 'of the environment', proxy: {}, env: { HTTPS_PROXY: SOCKS } },
  ])('goes through the SOCKS proxy $name by the library, with our own credentials', async ({ proxy, env }) => {
    await write('token', 'of-a-file')
    const cluster = { ...proxy, 'certificate-authority-data': base64('CA') }
    const access = await load(config({ user: { tokenFile: 'token', as: 'ada' }, cluster }), {}, env)
    const { headers, agent } = await access.credentials()
    expect(headers).toEqual({ Authorization: 'Bearer of-a-file', 'Impersonate-User': 'ada' })
    expect(agent.constructor.name).toBe('SocksProxyAgent')
  })
})

describe('a credential plugin', () => {
  async function plugin(script: string, entry: object = {}) {
    const path = await write('bin/plugin', `#!/bin/sh\n${script}\n`)
    await chmod(path, 0o755)
    const exec = { apiVersion: 'client.authentication.k8s.io/v1', command: './bin/plugin', ...entry }
    return load(config({ user: { exec } }), {}, { PATH: process.env.PATH! })
  }

  const answer = (status: object) =>
    `echo '${JSON.stringify({ apiVersion: 'client.authentication.k8s.io/v1', kind: 'ExecCredential', status })}'`

  test('gives a token, is asked once, and again when its credentials expired or were refused', async () => {
    const expirationTimestamp = new Date(clock.nowMs() + 60_000).toISOString()
    const count = 'echo x >> "$(dirname "$0")/runs"; RUN=$(wc -l < "$(dirname "$0")/runs" | tr -d " ")'
    const told = answer({ token: 'RUN', expirationTimestamp }).replace('"RUN"', `"'$RUN'"`)
    const access = await plugin(`${count}; ${told}`)
    const shown = async () => (await access.credentials()).headers.Authorization
    expect(await Promise.all([shown(), shown()])).toEqual(['Bearer 1', 'Bearer 1'])
    clock.advance(60_000)
    expect(await shown()).toBe('Bearer 2')
  })

  test('gives a client certificate', async () => {
    const access = await plugin(answer({ clientCertificateData: 'CERT', clientKeyData: 'KEY' }))
    expect((await access.credentials()).agent).toMatchObject({ options: { cert: 'CERT', key: 'KEY' } })
  })

  test('is told the cluster, its arguments and environment', async () => {
    const script = `T=$(printf %s "$1 $NAME $KUBERNETES_EXEC_INFO" | base64 | tr -d '\\n')\n${answer({ token: 'T' }).replace('"T"', `"'$T'"`)}`
    const access = await plugin(script, {
      args: ['arg'],
      env: [{ name: 'NAME', value: 'v' }],
      provideClusterInfo: true,
    })
    const { Authorization } = (await access.credentials()).headers
    const said = Buffer.from(String(Authorization).replace('Bearer ', ''), 'base64').toString()
    expect(said).toMatch(/^arg v \{/)
    expect(JSON.parse(said.slice(6))).toMatchObject({
      kind: 'ExecCredential',
      spec: { interactive: false, cluster: { server: 'https://10.0.0.1:6443' } },
    })
  })

  test.each([
    { name: 'it ends badly', script: 'exit 3', message: 'it ended with code 3' },
    { name: 'it says nothing', script: '', message: 'its answer is not JSON' },
    { name: 'it says something else', script: 'echo "{}"', message: 'not an ExecCredential of client.authentication' },
    { name: 'it has no credentials', script: answer({}), message: 'neither a token nor a certificate' },
  ])('fails clearly when $name', async ({ script, message }) => {
    const access = await plugin(script, { installHint: 'install it so' })
    await expect(access.credentials()).rejects.toThrow(message)
    await expect(access.credentials()).rejects.toThrow('install it so')
  })

  test('fails clearly when it is not installed', async () => {
    const access = await plugin('', { command: 'heddle-no-such-plugin', installHint: 'install it so' })
    await expect(access.credentials()).rejects.toThrow(
      /the credential plugin of user u failed:[\s\S]*heddle-no-such-plugin/,
    )
  })
})

describe('inClusterAccess()', () => {
  const env = { KUBERNETES_SERVICE_HOST: 'fd00::1', KUBERNETES_SERVICE_PORT: '443', HTTPS_PROXY: 'http://p:1' }

  test("takes the pod's service account, whose token is read anew, and no proxy", async () => {
    for (const [name, text] of Object.entries({ token: 'one', 'ca.crt': 'CA', namespace: 'heddle' }))
      await write(name, text)
    const access = await inClusterAccess({ env, clock, podDirectory: directory })
    expect(access).toMatchObject({ server: 'https://[fd00::1]:443', contextName: 'in-cluster', namespace: 'heddle' })
    const { headers, agent } = await access.credentials()
    expect(headers).toEqual({ Authorization: 'Bearer one' })
    expect(agent).toMatchObject({ options: { ca: 'CA', rejectUnauthorized: true } })
    expect((agent as unknown as { options: object }).options).not.toHaveProperty('proxyEnv')
    await write('token', 'two')
    clock.advance(60_000)
    expect((await access.credentials()).headers).toEqual({ Authorization: 'Bearer two' })
  })

  test('fails outside of a cluster, and where no service account is mounted', async () => {
    await expect(inClusterAccess({ env: {} })).rejects.toThrow('not in a cluster')
    await expect(inClusterAccess({ env, podDirectory: directory })).rejects.toThrow(join(directory, 'token'))
  })
})
