import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises'
import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { CONFIG_MAPS } from '@heddle/kube/resources'
import { afterEach, beforeEach, describe, expect, test } from 'vitest'
import { parse } from 'yaml'
import { runCommand } from '../../test/command-world.ts'
import { FakeCluster } from '../../test/fake-cluster.ts'
import { inject } from './inject.ts'
import { uninject } from './uninject.ts'

const WEB = `# The shop's face.
apiVersion: apps/v1
kind: Deployment
metadata:
  name: web # as in the Service
spec:
  template:
    metadata:
      labels: {app: web}
    spec:
      containers:
      - name: web
        image: "web:1"
        args: ["yes", 'on']
---
apiVersion: v1
kind: Service
metadata: {name: web-svc}
spec: {ports: [{port: 80}]}
`

let folder = ''
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'heddle-inject-'))
  await mkdir(join(folder, 'below'))
  await writeFile(join(folder, 'web.yaml'), WEB)
  await writeFile(join(folder, 'below', 'job.json'), JSON.stringify(jobWith({ restartPolicy: 'Never' })))
})
afterEach(() => rm(folder, { recursive: true }))

const run = (...args: string[]) => runCommand(args[0] === 'uninject' ? uninject : inject, args, { cwd: folder })

describe('inject', () => {
  test('asks for a proxy by an annotation, and leaves all else as it was written', async () => {
    const { status, stdout, stderr } = await run('inject', 'web.yaml')
    expect({ status, stderr }).toEqual({
      status: 0,
      stderr: 'deployment "web" injected\nservice "web-svc" skipped: it makes no pods\n',
    })
    expect(stdout).toContain(`# The shop's face.`)
    expect(stdout).toContain('name: web # as in the Service')
    expect(stdout).toContain(`      labels: { app: web }
      annotations:
        heddle.dev/inject: enabled
`)
    expect(stdout).toContain('      containers:\n      - name: web\n')
    expect(stdout).toContain(`args: [ "yes", 'on' ]`)
  })

  test('changes nothing the second time', async () => {
    const { stdout } = await run('inject', 'web.yaml')
    await writeFile(join(folder, 'again.yaml'), stdout)
    const again = await run('inject', 'again.yaml')
    expect(again.stdout).toBe(stdout)
    expect(again.stderr).toContain('deployment "web" skipped: it asks for injection already')
  })

  test('writes flags as annotations', async () => {
    const { stdout } = await run('inject', 'web.yaml', '--opaque-ports', '3306', '--proxy-mode', 'classic')
    const { spec } = parse(stdout.split('---\n')[1]!) as { spec: { template: { metadata: { annotations: object } } } }
    expect(spec.template.metadata.annotations).toEqual({
      'heddle.dev/inject': 'enabled',
      'heddle.dev/proxy-mode': 'classic',
      'heddle.dev/opaque-ports': '3306',
    })
  })

  test('prints nothing and fails where a value cannot be obeyed', async () => {
    const { status, stdout, stderr } = await run('inject', 'web.yaml', '--proxy-mode', 'ambient')
    expect({ status, stdout }).toEqual({ status: 1, stdout: '' })
    expect(stderr).toContain('deployment "web" refused: heddle.dev/proxy-mode="ambient": expected one of')
  })

  test('refuses values that would do nothing', async () => {
    const { status, stderr } = await run('inject', 'web.yaml', '--set', 'trustDomain=shop.test')
    expect(status).toBe(1)
    expect(stderr).toContain('matter with --manual only')
  })

  test('prints JSON as JSON unless told otherwise', async () => {
    const asIs = await run('inject', 'below/job.json')
    expect(JSON.parse(asIs.stdout)).toMatchObject({ kind: 'Job' })
    const yaml = await run('inject', 'below/job.json', '-o', 'yaml')
    expect(yaml.stdout).toMatch(/^---\napiVersion: batch\/v1\nkind: Job\n/)
    expect(parse(yaml.stdout)).toEqual(JSON.parse(asIs.stdout))
  })

  test('looks into folders, with -R into those below', async () => {
    expect((await run('inject', '.')).stderr).not.toContain('job')
    expect((await run('inject', '-R', '.')).stderr).toContain('job "count" injected')
  })

  test('reads a URL', async () => {
    const server = createServer((request, response) => {
      response.writeHead(request.url === '/web.yaml' ? 200 : 404).end(WEB)
    }).listen(0, '127.0.0.1')
    try {
      await new Promise((resolve) => server.once('listening', resolve))
      const base = `http://127.0.0.1:${(server.address() as AddressInfo).port}`
      expect((await run('inject', `${base}/web.yaml`)).stderr).toContain('deployment "web" injected')
      expect(await run('inject', `${base}/gone`)).toMatchObject({ status: 1, stderr: expect.stringContaining('404') })
    } finally {
      server.close()
    }
  })

  test('says why nobody answers at a URL', async () => {
    const server = createServer().listen(0, '127.0.0.1')
    await new Promise((resolve) => server.once('listening', resolve))
    const { port } = server.address() as AddressInfo
    await new Promise((resolve) => server.close(resolve))
    const { stderr } = await run('inject', `http://127.0.0.1:${port}/web.yaml`)
    expect(stderr).toContain(`cannot read http://127.0.0.1:${port}/web.yaml: connect ECONNREFUSED`)
  })

  test.each([
    { name: 'a place in a file that is no YAML', text: 'a: [', says: /^error: bad\.yaml:1:\d+: (?!.* at line )/ },
    { name: 'what is no object', text: 'kind: A\n---\n- 1', says: /bad\.yaml: document 2 is no object/ },
    { name: 'that there is nothing', text: '# nothing', says: /no object in what was given/ },
  ])('says $name', async ({ text, says }) => {
    await writeFile(join(folder, 'bad.yaml'), text)
    const { status, stdout, stderr } = await run('inject', 'bad.yaml')
    expect({ status, stdout }).toEqual({ status: 1, stdout: '' })
    expect(stderr).toMatch(says)
  })

  test('warns of an annotation that stands on the workload itself', async () => {
    const workload = { ...jobWith({}), metadata: { name: 'count', annotations: { 'heddle.dev/inject': 'disabled' } } }
    await writeFile(join(folder, 'job.json'), JSON.stringify(workload))
    expect((await run('inject', 'job.json')).stderr).toBe(
      `job "count" injected
warning: job "count": annotation heddle.dev/inject has no effect here: it belongs to the pod template's metadata
`,
    )
  })

  test('leaves out the version that a cluster read an object at', async () => {
    const item = { ...jobWith({}), metadata: { name: 'count', uid: 'u', resourceVersion: '7' } }
    await writeFile(join(folder, 'list.json'), JSON.stringify({ apiVersion: 'v1', kind: 'List', items: [item] }))
    const { stdout } = await run('inject', 'list.json')
    expect(JSON.parse(stdout)).toMatchObject({ items: [{ metadata: { name: 'count', uid: 'u' } }] })
    expect(stdout).not.toContain('resourceVersion')
  })

  test('follows anchors and aliases', async () => {
    const text = `apiVersion: v1
kind: List
items:
  - &pod {apiVersion: v1, kind: Pod, metadata: {name: a}, spec: {containers: [{name: web}]}}
  - {<<: *pod, metadata: {name: b}}
`
    await writeFile(join(folder, 'alias.yaml'), text)
    const { stdout, stderr } = await run('inject', 'alias.yaml')
    expect(stderr).toBe('pod "a" injected\npod "b" injected\n')
    const { items } = parse(stdout) as { readonly items: readonly object[] }
    const annotations = { 'heddle.dev/inject': 'enabled' }
    expect(items).toMatchObject([{ metadata: { name: 'a', annotations } }, { metadata: { name: 'b', annotations } }])
  })
})

describe('inject --manual', () => {
  test('puts the whole sidecar in, with the values of flags', async () => {
    await writeFile(join(folder, 'trust.pem'), 'PEM')
    const { status, stdout } = await run(
      ...['inject', '--manual', '--trust-bundle', 'trust.pem', '--set', 'trustDomain=shop.test', 'web.yaml'],
    )
    expect(status).toBe(0)
    expect(stdout).toContain('name: heddle-proxy')
    expect(stdout).toContain('value: spiffe://shop.test/ns/heddle/sa/control-plane')
    expect(stdout).toContain('value: PEM')
    expect(stdout).not.toContain('heddle.dev/inject:')
  })

  test('asks the cluster for its values and trust bundle', async () => {
    const cluster = new FakeCluster()
    const put = (name: string, data: object) => {
      cluster.put(CONFIG_MAPS, { metadata: { name, namespace: 'heddle' }, data } as never)
    }
    put('heddle-config', { version: '1', 'overrides.yaml': 'proxy: {logLevel: debug}', 'values.yaml': '{}' })
    put('heddle-trust-bundle', { 'trust-bundle.pem': 'CLUSTER PEM' })
    const { stdout, stderr } = await runCommand(inject, ['inject', '--manual', 'web.yaml'], { cwd: folder, cluster })
    expect(stderr).toContain('deployment "web" injected')
    expect(stdout).toContain('value: CLUSTER PEM')
    expect(stdout).toMatch(/name: HEDDLE_LOG_LEVEL\s+value: debug/)
  })

  test('says that Heddle is not installed', async () => {
    const world = { cwd: folder, cluster: new FakeCluster() }
    const { status, stdout, stderr } = await runCommand(inject, ['inject', '--manual', 'web.yaml'], world)
    expect({ status, stdout }).toEqual({ status: 1, stdout: '' })
    expect(stderr).toContain('Heddle is not installed in namespace heddle')
  })

  test('warns of a Job that would not end', async () => {
    await writeFile(join(folder, 'trust.pem'), 'PEM')
    const classic = ['--proxy-mode', 'classic', '--trust-bundle', 'trust.pem', 'below/job.json']
    const { stderr } = await run('inject', '--manual', ...classic)
    expect(stderr).toContain('warning: job "count": a pod that should end does not')
  })
})

describe('uninject', () => {
  test('gives back what was there', async () => {
    await writeFile(join(folder, 'trust.pem'), 'PEM')
    const { stdout } = await run('inject', '--manual', '--trust-bundle', 'trust.pem', 'below/job.json')
    await writeFile(join(folder, 'injected.json'), stdout)
    const back = await run('uninject', 'injected.json')
    expect(back.stderr).toBe('job "count" uninjected\n')
    expect(JSON.parse(back.stdout)).toEqual(jobWith({ restartPolicy: 'Never' }))
  })

  test('says what has nothing of ours', async () => {
    expect((await run('uninject', 'web.yaml')).stderr).toContain('deployment "web" skipped: nothing of Heddle is in it')
  })
})

function jobWith(spec: object) {
  const template = { metadata: {}, spec: { ...spec, containers: [{ name: 'count' }] } }
  return { apiVersion: 'batch/v1', kind: 'Job', metadata: { name: 'count' }, spec: { template } }
}
