import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import type { KubeDraft } from '@heddle/kube/client'
import { renderInstall } from '@heddle/kube/install'
import { renderCrds } from '@heddle/kube/install/crds'
import { renderNodeAgent } from '@heddle/kube/install/node-agent'
import { readInstallValues } from '@heddle/kube/install/read-values'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { parseAllDocuments } from 'yaml'
import { runCommand } from '../../test/command-world.ts'
import { storedCluster } from '../../test/stored-cluster.ts'
import { install } from './install.ts'
import { installNodeAgent } from './install-node-agent.ts'
import { prune } from './prune.ts'
import { uninstall } from './uninstall.ts'
import { upgrade } from './upgrade.ts'

const GATEWAY_CRDS = ['grpcroutes', 'httproutes', 'referencegrants'].map((plural): KubeDraft => {
  const metadata = { name: `${plural}.gateway.networking.k8s.io` }
  return { apiVersion: 'apiextensions.k8s.io/v1', kind: 'CustomResourceDefinition', metadata }
})
const READY = [...renderCrds(), ...GATEWAY_CRDS]

const valuesOf = (settings: readonly string[]) => readInstallValues(settings.map((text) => ({ kind: 'set', text })))

/** What `heddle install` with these settings puts into a cluster. */
function installation(...settings: readonly string[]): readonly KubeDraft[] {
  return renderInstall(valuesOf(settings))
}

/** An installation in namespace mesh, and its agent of nodes. */
const MESH = renderInstall(valuesOf([]), 'mesh')
const MESH_AGENT = renderNodeAgent({ namespace: 'mesh', values: valuesOf([]), installed: valuesOf([]) })
/** What is left of that when its namespace is deleted by hand. */
const MESH_LEFT = MESH.filter(({ metadata }) => metadata.namespace === undefined)

/** The agent of an installation with these settings. */
function agent(...settings: readonly string[]): readonly KubeDraft[] {
  return agentOf({ installed: settings, own: [] })
}

interface AgentSettings {
  readonly installed: readonly string[]
  /** What only `heddle install-node-agent` was told. */
  readonly own: readonly string[]
}

function agentOf({ installed, own }: AgentSettings): readonly KubeDraft[] {
  const values = valuesOf([...installed, ...own])
  return renderNodeAgent({ namespace: 'heddle', values, installed: valuesOf(installed) })
}

/** Objects of a YAML stream. */
function objectsOf(text: string): readonly KubeDraft[] {
  return parseAllDocuments(text).map((document) => document.toJS() as KubeDraft)
}

const nameOf = ({ kind, metadata }: KubeDraft): string => `${kind} ${metadata.name}`

function withVersion(objects: readonly KubeDraft[], version: string): readonly KubeDraft[] {
  return objects.map((object) => {
    if (object.kind !== 'ConfigMap') return object
    const { data } = object as KubeDraft & { readonly data: object }
    return { ...object, data: { ...data, version } }
  })
}

let folder = ''
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'heddle-install-'))
  await writeFile(join(folder, 'values.yaml'), 'proxy:\n  logLevel: warn\n')
})
afterAll(() => rm(folder, { recursive: true }))

describe('heddle install', () => {
  test('prints everything, without a cluster', async () => {
    const ran = await runCommand(install, ['install', '--ignore-cluster'])
    expect(ran).toMatchObject({ status: 0, stderr: '' })
    expect(objectsOf(ran.stdout)).toEqual(installation())
  })

  test('puts it into the namespace of --heddle-namespace', async () => {
    const { stdout } = await runCommand(install, ['--heddle-namespace', 'mesh', 'install', '--ignore-cluster'])
    expect(objectsOf(stdout)).toEqual(renderInstall(readInstallValues([]), 'mesh'))
  })

  test('takes --ha, files and single values, the later ones over the earlier', async () => {
    const flags = ['--set', 'control.replicas=5', '--ha', '--values', 'values.yaml', '--set', 'proxy.accessLog=all']
    const { stdout } = await runCommand(install, ['install', '--ignore-cluster', ...flags], { cwd: folder })
    expect(objectsOf(stdout)).toEqual(
      renderInstall(
        readInstallValues([
          { kind: 'ha' },
          { kind: 'set', text: 'proxy.logLevel=warn' },
          { kind: 'set', text: 'control.replicas=5' },
          { kind: 'set', text: 'proxy.accessLog=all' },
        ]),
      ),
    )
  })

  test('prints the CRDs, also as JSON', async () => {
    const yaml = await runCommand(install, ['install', '--crds'])
    expect(objectsOf(yaml.stdout)).toEqual(JSON.parse(JSON.stringify(renderCrds())))
    const json = await runCommand(install, ['install', '--crds', '-o', 'json'])
    expect(JSON.parse(json.stdout)).toMatchObject({ kind: 'List', items: renderCrds().map(({ kind }) => ({ kind })) })
  })

  test('says where a value is wrong and what was probably meant, and prints nothing', async () => {
    const flags = ['--set', 'contrl.replicas=3', '--set', 'control.replicas=x']
    const ran = await runCommand(install, ['install', '--ignore-cluster', ...flags])
    expect(ran).toMatchObject({ status: 1, stdout: '' })
    expect(ran.stderr).toContain('--set contrl.replicas=3: contrl: is not a known field (did you mean control?)')
    expect(ran.stderr).toContain('--set control.replicas=x: control.replicas: expected a whole number')
  })

  test('refuses a file that is not there', async () => {
    const ran = await runCommand(install, ['install', '--ignore-cluster', '--values', 'missing.yaml'], { cwd: folder })
    expect(ran).toMatchObject({ status: 1, stdout: '' })
    expect(ran.stderr).toContain('cannot read the values in missing.yaml')
  })

  test('refuses a cluster without the CRDs', async () => {
    const ran = await runCommand(install, ['install'], { cluster: storedCluster(READY.slice(1)) })
    expect(ran).toMatchObject({ status: 1, stdout: '' })
    expect(ran.stderr).toContain(`lacks CRDs of Heddle: ${READY[0]?.metadata.name}`)
    expect(ran.stderr).toContain('heddle install --crds | kubectl apply -f -')
  })

  test('refuses a cluster that has an installation in another namespace', async () => {
    const ran = await runCommand(install, ['install'], { cluster: storedCluster([...READY, ...MESH]) })
    expect(ran).toMatchObject({ status: 1, stdout: '' })
    expect(ran.stderr).toContain(
      'installed already, in namespace mesh in version 0.1.0; a cluster has one installation',
    )
    expect(ran.stderr).toContain('heddle --heddle-namespace mesh upgrade')
    expect(ran.stderr).toContain('heddle --heddle-namespace mesh uninstall')
  })

  test('takes over what is left of an installation whose namespace is gone', async () => {
    const ran = await runCommand(install, ['install'], { cluster: storedCluster([...READY, ...MESH_LEFT]) })
    expect(ran).toMatchObject({ status: 0, stderr: '' })
  })

  test('warns where the Gateway API is not there', async () => {
    const ran = await runCommand(install, ['install'], { cluster: storedCluster(renderCrds()) })
    expect(ran.status).toBe(0)
    expect(ran.stderr).toContain('lacks CRDs of the Gateway API')
  })

  test('prints again what is installed with the same values', async () => {
    const cluster = storedCluster([...READY, ...installation('proxy.logLevel=warn')])
    const ran = await runCommand(install, ['install', '--values', 'values.yaml'], { cluster, cwd: folder })
    expect(ran).toMatchObject({ status: 0, stderr: '' })
  })

  test.each([
    { what: 'with other values', there: installation('proxy.logLevel=warn') },
    { what: 'in version 0.0.9', there: withVersion(installation(), '0.0.9') },
  ])('refuses a cluster in which it is $what, and names upgrade', async ({ what, there }) => {
    const ran = await runCommand(install, ['install'], { cluster: storedCluster([...READY, ...there]) })
    expect(ran).toMatchObject({ status: 1, stdout: '' })
    expect(ran.stderr).toContain(`installed already, in namespace heddle, ${what}`)
    expect(ran.stderr).toContain('heddle upgrade')
  })
})

describe('heddle upgrade', () => {
  test('keeps the values that the cluster has, and lays those of its flags on them', async () => {
    const cluster = storedCluster([...READY, ...installation('proxy.logLevel=warn', 'control.replicas=2')])
    const ran = await runCommand(upgrade, ['upgrade', '--set', 'control.replicas=3'], { cluster })
    expect(ran).toMatchObject({ status: 0, stderr: '' })
    expect(objectsOf(ran.stdout)).toEqual(installation('proxy.logLevel=warn', 'control.replicas=3'))
  })

  test('takes the agent of nodes along, with the same values', async () => {
    const cluster = storedCluster([...READY, ...installation('image.tag=old'), ...agent('image.tag=old')])
    const flags = ['--set', 'image.tag=', '--set', 'image.registry=registry.example/mirror']
    const ran = await runCommand(upgrade, ['upgrade', ...flags], { cluster })
    expect(ran).toMatchObject({ status: 0, stderr: '' })
    const registry = 'image.registry=registry.example/mirror'
    expect(objectsOf(ran.stdout)).toEqual([...installation(registry), ...agent(registry)])
  })

  const MIRROR = 'image.registry=registry.example/mirror'
  const upgradeFrom = (there: readonly KubeDraft[], ...flags: readonly string[]) =>
    runCommand(upgrade, ['upgrade', ...flags], { cluster: storedCluster([...READY, ...there]) })

  test('keeps what only the agent of nodes was told, and keeps it as such', async () => {
    const there = [...installation(MIRROR), ...agentOf({ installed: [MIRROR], own: ['image.tag=mine'] })]
    const ran = await upgradeFrom(there, '--set', 'image.pullPolicy=Always')
    const installed = [MIRROR, 'image.pullPolicy=Always']
    expect(ran).toMatchObject({ status: 0, stderr: '' })
    expect(objectsOf(ran.stdout)).toEqual([
      ...installation(...installed),
      ...agentOf({ installed, own: ['image.tag=mine'] }),
    ])
  })

  test('is told what both have from now on, so that the next one does not go back', async () => {
    const there = [...installation(), ...agentOf({ installed: [], own: ['image.tag=mine', MIRROR] })]
    const next = objectsOf((await upgradeFrom(there, '--set', 'image.tag=next')).stdout)
    const expected = [...installation('image.tag=next'), ...agentOf({ installed: ['image.tag=next'], own: [MIRROR] })]
    expect(next).toEqual(expected)
    expect(objectsOf((await upgradeFrom(next)).stdout)).toEqual(expected)
  })

  test('takes along an agent of nodes of a version that kept nothing', async () => {
    const earlier = agentOf({ installed: [], own: ['image.tag=mine'] }).filter(({ kind }) => kind !== 'ConfigMap')
    const ran = await upgradeFrom([...installation(), ...earlier])
    expect(ran).toMatchObject({ status: 0, stderr: '' })
    expect(objectsOf(ran.stdout)).toEqual([...installation(), ...agent()])
  })

  test('leaves the agent of nodes of another installation alone, and says so', async () => {
    const ran = await upgradeFrom([...installation(), ...MESH, ...MESH_AGENT])
    expect(ran.status).toBe(0)
    expect(ran.stderr).toContain('the agent of nodes stays as it is: it belongs to the installation in namespace mesh')
    expect(objectsOf(ran.stdout)).toEqual(installation())
  })

  test('takes over an agent of nodes whose installation is gone', async () => {
    const ran = await upgradeFrom([...installation(), ...MESH_AGENT])
    expect(ran).toMatchObject({ status: 0, stderr: '' })
    expect(objectsOf(ran.stdout)).toEqual([...installation(), ...agent()])
  })

  test('names values of another version that there are no more, and what to do next', async () => {
    const there = withVersion(installation('proxy.logLevel=warn'), '0.0.9').map((object) => {
      if (object.kind !== 'ConfigMap') return object
      return { ...object, data: { version: '0.0.9', 'overrides.yaml': 'proxy: {logLevel: warn, colour: red}\n' } }
    })
    const ran = await runCommand(upgrade, ['upgrade'], { cluster: storedCluster([...READY, ...there]) })
    expect(ran.status).toBe(0)
    expect(ran.stderr).toContain('proxy.colour, set in version 0.0.9, is not a value any more')
    expect(ran.stderr).toContain('heddle prune')
    expect(objectsOf(ran.stdout)).toEqual(installation('proxy.logLevel=warn'))
  })

  test('refuses to change the trust domain', async () => {
    const cluster = storedCluster([...READY, ...installation()])
    const ran = await runCommand(upgrade, ['upgrade', '--set', 'trustDomain=other.example'], { cluster })
    expect(ran).toMatchObject({ status: 1, stdout: '' })
    expect(ran.stderr).toContain('the trust domain is heddle.local and cannot become other.example')
  })

  test('leaves alone what Helm looks after', async () => {
    const there = installation().map((object) => {
      const labels = { ...object.metadata.labels, 'app.kubernetes.io/managed-by': 'Helm' }
      return { ...object, metadata: { ...object.metadata, labels } }
    })
    const ran = await runCommand(upgrade, ['upgrade'], { cluster: storedCluster([...READY, ...there]) })
    expect(ran).toMatchObject({ status: 1, stdout: '' })
    expect(ran.stderr).toContain('helm upgrade')
  })

  test('refuses a cluster without an installation', async () => {
    const ran = await runCommand(upgrade, ['upgrade'], { cluster: storedCluster(READY) })
    expect(ran).toMatchObject({ status: 1, stdout: '' })
    expect(ran.stderr).toContain('Heddle is not installed in namespace heddle')
  })
})

describe('heddle install-node-agent', () => {
  const run = (flags: readonly string[], ...there: readonly KubeDraft[]) =>
    runCommand(installNodeAgent, ['install-node-agent', ...flags], { cluster: storedCluster([...READY, ...there]) })

  test('prints it as upgrade does, with the values of the installation and those of its flags on them', async () => {
    const there = installation('image.registry=registry.example/mirror', 'image.tag=mine')
    const ran = await run(['--set', 'image.tag=other'], ...there)
    expect(ran).toMatchObject({ status: 0, stderr: '' })
    const installed = ['image.registry=registry.example/mirror', 'image.tag=mine']
    expect(objectsOf(ran.stdout)).toEqual(agentOf({ installed, own: ['image.tag=other'] }))
    const daemonSet = objectsOf(ran.stdout).find(({ kind }) => kind === 'DaemonSet')
    expect(JSON.stringify(daemonSet)).toContain('"registry.example/mirror/heddle/proxy:other"')
  })

  test('keeps what the agent was told before, under its flags', async () => {
    const own = ['image.tag=mine', 'image.pullPolicy=Always']
    const ran = await run(['--set', 'image.tag=other'], ...installation(), ...agentOf({ installed: [], own }))
    expect(ran).toMatchObject({ status: 0, stderr: '' })
    const now = ['image.pullPolicy=Always', 'image.tag=other']
    expect(objectsOf(ran.stdout)).toEqual(agentOf({ installed: [], own: now }))
  })

  test('prints it before there is an installation', async () => {
    const ran = await run([])
    expect(ran).toMatchObject({ status: 0, stderr: '' })
    expect(objectsOf(ran.stdout)).toEqual(agent())
  })

  test.each([
    {
      name: 'the agent belongs to an installation in another namespace',
      there: [...installation(), ...MESH, ...MESH_AGENT],
      says: 'the agent of nodes belongs to the installation in namespace mesh; a cluster has one agent',
    },
    {
      name: 'there is an installation, but in another namespace',
      there: MESH,
      says: 'Heddle is not installed in namespace heddle, but in mesh',
    },
  ])('refuses where $name, and says what to do', async ({ there, says }) => {
    const ran = await run([], ...there)
    expect(ran).toMatchObject({ status: 1, stdout: '' })
    expect(ran.stderr).toContain(says)
    expect(ran.stderr).toContain('heddle --heddle-namespace mesh install-node-agent | kubectl apply -f -')
    expect(ran.stderr).toContain('--ignore-cluster')
  })

  test('takes the agent over from an installation that is gone', async () => {
    const ran = await run([], ...installation(), ...MESH_LEFT, ...MESH_AGENT)
    expect(ran).toMatchObject({ status: 0, stderr: '' })
    expect(objectsOf(ran.stdout)).toEqual(agent())
  })

  test('asks no cluster where it is told not to', async () => {
    const ran = await runCommand(installNodeAgent, ['install-node-agent', '--ignore-cluster'])
    expect(ran).toMatchObject({ status: 0, stderr: '' })
    expect(objectsOf(ran.stdout)).toEqual(agent())
  })
})

/** What the control plane has made by itself. */
const MADE: readonly KubeDraft[] = [
  { apiVersion: 'v1', kind: 'Secret', metadata: { name: 'heddle-authority', namespace: 'heddle' } },
  { apiVersion: 'v1', kind: 'ConfigMap', metadata: { name: 'heddle-trust-bundle', namespace: 'heddle' } },
  {
    apiVersion: 'coordination.k8s.io/v1',
    kind: 'Lease',
    metadata: { name: 'heddle-control-leader', namespace: 'heddle' },
  },
]

describe('heddle prune', () => {
  test('prints what earlier values left, and nothing that is in use', async () => {
    const present = installation()
    const budget = installation('control.disruptionBudget=true').filter(({ kind }) => kind === 'PodDisruptionBudget')
    const cluster = storedCluster([...READY, ...present, ...budget, ...MADE])
    const ran = await runCommand(prune, ['prune'], { cluster })
    expect(objectsOf(ran.stdout)).toEqual([
      {
        apiVersion: 'policy/v1',
        kind: 'PodDisruptionBudget',
        metadata: { name: 'heddle-control', namespace: 'heddle' },
      },
    ])
  })

  test('knows the agent of nodes, and what an earlier one left', async () => {
    const labels = { 'app.kubernetes.io/name': 'heddle-node-agent' }
    const role = { apiVersion: 'rbac.authorization.k8s.io/v1', kind: 'Role' }
    const left: KubeDraft = { ...role, metadata: { name: 'earlier', namespace: 'heddle-node-agent', labels } }
    const cluster = storedCluster([...READY, ...installation(), ...agent(), left])
    const ran = await runCommand(prune, ['prune'], { cluster })
    expect(objectsOf(ran.stdout)).toEqual([{ ...role, metadata: { name: 'earlier', namespace: 'heddle-node-agent' } }])
  })

  test('says that there is nothing', async () => {
    const ran = await runCommand(prune, ['prune'], { cluster: storedCluster([...READY, ...installation(), ...MADE]) })
    expect(ran).toMatchObject({ status: 0, stdout: '', stderr: 'there is nothing to remove\n' })
  })
})

describe('heddle uninstall', () => {
  const everything = [...READY, ...installation('control.disruptionBudget=true'), ...MADE]
  const foreign: KubeDraft = { apiVersion: 'v1', kind: 'ConfigMap', metadata: { name: 'mine', namespace: 'heddle' } }

  test('prints everything and nothing else: webhooks first, the namespace last', async () => {
    const ran = await runCommand(uninstall, ['uninstall'], { cluster: storedCluster([...everything, foreign]) })
    expect(ran.status).toBe(0)
    const printed = objectsOf(ran.stdout).map(nameOf)
    const own = everything.filter((one) => !GATEWAY_CRDS.includes(one)).map(nameOf)
    expect(printed.toSorted()).toEqual(own.toSorted())
    expect(printed.slice(0, 2)).toEqual([
      'MutatingWebhookConfiguration heddle-injector',
      'ValidatingWebhookConfiguration heddle-validator',
    ])
    expect(printed.at(-1)).toBe('Namespace heddle')
  })

  const pod: KubeDraft = {
    apiVersion: 'v1',
    kind: 'Pod',
    metadata: { name: 'web-1', namespace: 'shop', annotations: { 'heddle.dev/status': '{}' } },
  }

  test.each(['Succeeded', 'Failed'])('lets be pods that have ended: %s', async (phase) => {
    const cluster = storedCluster([...everything, { ...pod, status: { phase } }])
    expect(await runCommand(uninstall, ['uninstall'], { cluster })).toMatchObject({ status: 0 })
  })

  test('refuses while pods have a proxy, unless forced', async () => {
    const cluster = storedCluster([...everything, pod, { ...pod, metadata: { ...pod.metadata, name: 'web-2' } }])
    const refused = await runCommand(uninstall, ['uninstall'], { cluster })
    expect(refused).toMatchObject({ status: 1, stdout: '' })
    expect(refused.stderr).toContain('pods have a proxy still, in shop (2)')
    const forced = await runCommand(uninstall, ['uninstall', '--force'], { cluster })
    expect(forced.status).toBe(0)
    expect(objectsOf(forced.stdout).map(nameOf)).not.toContain('Pod web-1')
  })

  test('takes the agent of nodes with it, whose namespace has the rest', async () => {
    const ran = await runCommand(uninstall, ['uninstall'], { cluster: storedCluster([...everything, ...agent()]) })
    expect(
      objectsOf(ran.stdout)
        .map(nameOf)
        .filter((name) => name.endsWith('node-agent')),
    ).toEqual(['ClusterRoleBinding heddle-node-agent', 'ClusterRole heddle-node-agent', 'Namespace heddle-node-agent'])
  })

  test('leaves CRDs and the agent of nodes to another installation that has them', async () => {
    const own = [...installation().filter(({ metadata }) => metadata.namespace === 'heddle'), ...READY]
    const ran = await runCommand(uninstall, ['uninstall'], { cluster: storedCluster([...own, ...MESH, ...MESH_AGENT]) })
    expect(ran.status).toBe(0)
    expect(ran.stderr).toContain('the CRDs stay: the installation in namespace mesh needs them')
    expect(ran.stderr).toContain('the agent of nodes stays')
    expect(new Set(objectsOf(ran.stdout).map(({ metadata }) => metadata.namespace))).toEqual(new Set(['heddle']))
  })

  test('undoes a second installation: the first one keeps its pods, its CRDs and their objects', async () => {
    const first = MESH.filter(({ metadata }) => metadata.namespace === 'mesh')
    const labels = { 'heddle.dev/control-plane-ns': 'mesh' }
    const meshed = { ...pod, metadata: { ...pod.metadata, labels } }
    const cluster = storedCluster([...first, ...installation(), ...READY, meshed])
    const ran = await runCommand(uninstall, ['uninstall'], { cluster })
    expect(ran.status).toBe(0)
    expect(ran.stderr).toContain('the CRDs stay: the installation in namespace mesh needs them')
    expect(objectsOf(ran.stdout).map(nameOf).toSorted()).toEqual(installation().map(nameOf).toSorted())
  })

  test('names the namespace in which there is an installation, and removes nothing of it', async () => {
    const cluster = storedCluster([...READY, ...MESH, ...MESH_AGENT])
    const ran = await runCommand(uninstall, ['uninstall'], { cluster })
    expect(ran).toMatchObject({ status: 1, stdout: '' })
    expect(ran.stderr).toContain('it is in another one: --heddle-namespace mesh')
  })

  test('says that there is nothing', async () => {
    const ran = await runCommand(uninstall, ['uninstall'], { cluster: storedCluster(GATEWAY_CRDS) })
    expect(ran).toMatchObject({ status: 1, stdout: '' })
    expect(ran.stderr).toContain('nothing of Heddle is in namespace heddle of test')
  })
})
