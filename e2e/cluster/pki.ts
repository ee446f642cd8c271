import { generateKeyPairSync } from 'node:crypto'
import { mkdirSync, readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { run } from '../harness/process.ts'
import type { ClusterPlan, NodePlan } from './cluster-plan.ts'

interface Certificate {
  /** Its files are NAME.crt and NAME.key. */
  readonly name: string
  /** As the API server reads it: the user, and the groups as organizations. */
  readonly user: string
  readonly group?: string
  /** What a server goes by; without these it is a client's. */
  readonly names?: readonly string[]
}

const CONFIG = 'openssl.cnf'
const DAYS = '3650'
const API_NAMES = [
  'DNS:localhost',
  'DNS:kubernetes',
  'DNS:kubernetes.default',
  'DNS:kubernetes.default.svc',
  'DNS:kubernetes.default.svc.cluster.local',
  'IP:127.0.0.1',
]

/** Users that parts of the control plane are. */
const PART_USERS = ['kube-controller-manager', 'kube-scheduler', 'kube-proxy'] as const

/** Makes the cluster's authority, certificates, service account key and kubeconfigs (`PKI/USER.kubeconfig`). @throws {Error} of openssl */
export async function writePki(plan: ClusterPlan): Promise<void> {
  mkdirSync(plan.pki, { recursive: true, mode: 0o700 })
  await writeAuthority(plan)
  writeServiceAccountKey(plan)
  const certificates = certificatesOf(plan)
  await Promise.all(certificates.map((certificate) => issue(plan, certificate)))
  for (const { name, names } of certificates) {
    if (names === undefined) writeKubeconfig(plan, name, join(plan.pki, `${name}.kubeconfig`))
  }
  writeKubeconfig(plan, 'admin', plan.kubeconfig)
}

function certificatesOf(plan: ClusterPlan): readonly Certificate[] {
  const [control] = plan.machines
  const namesOf = (node: NodePlan) => [`DNS:${node.name}`, `IP:${node.address}`, `IP:${node.address6}`]
  const own = [`IP:${plan.apiServiceAddress}`, ...namesOf(control)]
  return [
    { name: 'kube-apiserver', user: 'kube-apiserver', names: [...API_NAMES, ...own] },
    { name: 'kubelet-client', user: 'kube-apiserver-kubelet-client', group: 'system:masters' },
    { name: 'admin', user: 'admin', group: 'system:masters' },
    ...PART_USERS.map((name) => ({ name, user: `system:${name}` })),
    ...plan.machines.flatMap((node) => [
      { name: `kubelet-${node.name}`, user: `system:node:${node.name}`, group: 'system:nodes' },
      { name: `kubelet-server-${node.name}`, user: node.name, names: namesOf(node) },
    ]),
  ]
}

async function writeAuthority({ pki }: ClusterPlan): Promise<void> {
  // The machine's own configuration would add extensions of its own.
  writeFileSync(join(pki, CONFIG), '[req]\ndistinguished_name = name\n[name]\n')
  writeKey(pki, 'ca')
  await openssl(pki, [
    ...['req', '-x509', '-new', '-key', 'ca.key', '-out', 'ca.crt', '-days', DAYS, '-subj', '/CN=cluster'],
    ...['-addext', 'basicConstraints=critical,CA:TRUE', '-addext', 'keyUsage=critical,keyCertSign,cRLSign'],
    ...['-addext', 'subjectKeyIdentifier=hash'],
  ])
}

async function issue({ pki }: ClusterPlan, { name, user, group, names }: Certificate): Promise<void> {
  writeKey(pki, name)
  const subject = `${group === undefined ? '' : `/O=${group}`}/CN=${user}`
  await openssl(pki, [
    ...['req', '-x509', '-new', '-key', `${name}.key`, '-CA', 'ca.crt', '-CAkey', 'ca.key', '-out', `${name}.crt`],
    ...['-days', DAYS, '-subj', subject, '-addext', 'basicConstraints=critical,CA:FALSE'],
    ...['-addext', 'keyUsage=critical,digitalSignature', '-addext', 'authorityKeyIdentifier=keyid'],
    ...['-addext', `extendedKeyUsage=${names === undefined ? 'clientAuth' : 'serverAuth'}`],
    ...(names === undefined ? [] : ['-addext', `subjectAltName=${names.join(',')}`]),
  ])
}

/** RSA: what tokens of service accounts are signed with most. */
function writeServiceAccountKey({ pki }: ClusterPlan): void {
  const { privateKey, publicKey } = generateKeyPairSync('rsa', { modulusLength: 2048 })
  writeSecret(join(pki, 'service-accounts.key'), privateKey.export({ format: 'pem', type: 'pkcs8' }))
  writeSecret(join(pki, 'service-accounts.pub'), publicKey.export({ format: 'pem', type: 'spki' }))
}

function writeKey(pki: string, name: string): void {
  const { privateKey } = generateKeyPairSync('ec', { namedCurve: 'prime256v1' })
  writeSecret(join(pki, `${name}.key`), privateKey.export({ format: 'pem', type: 'pkcs8' }))
}

/** JSON is YAML. */
function writeKubeconfig({ name, server, pki }: ClusterPlan, user: string, file: string): void {
  const data = (of: string) => readFileSync(join(pki, of)).toString('base64')
  const context = `heddle-${name}`
  const config = {
    apiVersion: 'v1',
    kind: 'Config',
    clusters: [{ name: context, cluster: { server, 'certificate-authority-data': data('ca.crt') } }],
    users: [
      { name: user, user: { 'client-certificate-data': data(`${user}.crt`), 'client-key-data': data(`${user}.key`) } },
    ],
    contexts: [{ name: context, context: { cluster: context, user } }],
    'current-context': context,
  }
  writeSecret(file, `${JSON.stringify(config, undefined, 2)}\n`)
}

function writeSecret(file: string, content: string | Buffer): void {
  writeFileSync(file, content, { mode: 0o600 })
}

async function openssl(cwd: string, args: readonly string[]): Promise<void> {
  const { status, stderr } = await run(['openssl', ...args, '-config', CONFIG], { cwd })
  if (status !== 0) throw new Error(`openssl ${args.join(' ')}: ${stderr}`)
}
