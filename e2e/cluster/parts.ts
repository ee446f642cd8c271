import { join } from 'node:path'
import { type ClusterPlan, inOrder, type NodePlan } from './cluster-plan.ts'
import { CONTAINERD_CONFIG, KUBELET_CONFIG } from './node-files.ts'

/** A program of the cluster that runs until it is stopped. */
export interface Part {
  /** Unique within the cluster; also the name of its log. */
  readonly role: string
  readonly node: NodePlan
  readonly command: readonly string[]
}

const ETCD = 'http://127.0.0.1:2379'
const ETCD_PEER = 'http://127.0.0.1:2380'

/** What a tier `api` has, in the order of their start. */
export function controlPlaneParts(plan: ClusterPlan, kubebox: string): readonly Part[] {
  const [node] = plan.machines
  const part = (role: string, args: readonly string[]): Part => ({ role, node, command: [kubebox, role, ...args] })
  return [
    part('etcd', etcdFlags()),
    part('kube-apiserver', apiServerFlags(plan)),
    part('kube-controller-manager', controllerFlags(plan)),
  ]
}

/** What places pods. */
export function schedulerPart(plan: ClusterPlan, kubebox: string): Part {
  const flags = ['--leader-elect=false', '--secure-port=0', `--kubeconfig=${kubeconfigOf(plan, 'kube-scheduler')}`]
  return { role: 'kube-scheduler', node: plan.machines[0], command: [kubebox, 'kube-scheduler', ...flags] }
}

/** What each node of tier `node` has: containerd first, for images are loaded into it. */
export function nodeParts(plan: ClusterPlan, node: NodePlan, kubebox: string): readonly Part[] {
  const part = (program: string, command: readonly string[]): Part => ({
    role: `${program}-${node.name}`,
    node,
    command,
  })
  return [
    part('containerd', ['containerd', '--config', CONTAINERD_CONFIG]),
    part('kubelet', [kubebox, 'kubelet', ...kubeletFlags(plan, node)]),
    part('kube-proxy', [kubebox, 'kube-proxy', ...kubeProxyFlags(plan, node)]),
  ]
}

/** Nothing of it is to survive the machine, so nothing waits for the disk. */
function etcdFlags(): readonly string[] {
  return [
    '--name=default',
    '--data-dir=/var/lib/etcd/data',
    '--unsafe-no-fsync',
    '--log-level=warn',
    `--listen-client-urls=${ETCD}`,
    `--advertise-client-urls=${ETCD}`,
    `--listen-peer-urls=${ETCD_PEER}`,
    `--initial-advertise-peer-urls=${ETCD_PEER}`,
    `--initial-cluster=default=${ETCD_PEER}`,
  ]
}

function apiServerFlags(plan: ClusterPlan): readonly string[] {
  const file = (name: string) => join(plan.pki, name)
  const [control] = plan.machines
  return [
    `--etcd-servers=${ETCD}`,
    '--bind-address=::',
    '--secure-port=6443',
    `--advertise-address=${inOrder(plan, control.address, control.address6)[0]}`,
    '--allow-privileged=true',
    '--authorization-mode=Node,RBAC',
    '--enable-admission-plugins=NodeRestriction',
    `--service-cluster-ip-range=${inOrder(plan, plan.serviceRange, plan.serviceRange6).join()}`,
    `--client-ca-file=${file('ca.crt')}`,
    `--tls-cert-file=${file('kube-apiserver.crt')}`,
    `--tls-private-key-file=${file('kube-apiserver.key')}`,
    `--kubelet-certificate-authority=${file('ca.crt')}`,
    `--kubelet-client-certificate=${file('kubelet-client.crt')}`,
    `--kubelet-client-key=${file('kubelet-client.key')}`,
    '--kubelet-preferred-address-types=InternalIP',
    `--service-account-key-file=${file('service-accounts.pub')}`,
    `--service-account-signing-key-file=${file('service-accounts.key')}`,
    '--service-account-issuer=https://kubernetes.default.svc.cluster.local',
    '--shutdown-delay-duration=0s',
    // With no kube-proxy nobody translates the addresses of Services: webhooks are called at those of their endpoints.
    ...(plan.tier === 'api' ? ['--enable-aggregator-routing=true'] : []),
  ]
}

function controllerFlags(plan: ClusterPlan): readonly string[] {
  return [
    `--kubeconfig=${kubeconfigOf(plan, 'kube-controller-manager')}`,
    '--leader-elect=false',
    '--secure-port=0',
    '--use-service-account-credentials=true',
    `--service-account-private-key-file=${join(plan.pki, 'service-accounts.key')}`,
    `--root-ca-file=${join(plan.pki, 'ca.crt')}`,
    `--cluster-signing-cert-file=${join(plan.pki, 'ca.crt')}`,
    `--cluster-signing-key-file=${join(plan.pki, 'ca.key')}`,
    `--cluster-cidr=${inOrder(plan, plan.podRange, plan.podRange6).join()}`,
    `--service-cluster-ip-range=${inOrder(plan, plan.serviceRange, plan.serviceRange6).join()}`,
    // Tests make and delete namespaces faster than the defaults (20 and 30 a second) let them be tidied up.
    '--kube-api-qps=300',
    '--kube-api-burst=600',
    '--concurrent-namespace-syncs=20',
  ]
}

function kubeletFlags(plan: ClusterPlan, node: NodePlan): readonly string[] {
  return [
    `--config=${KUBELET_CONFIG}`,
    `--kubeconfig=${kubeconfigOf(plan, `kubelet-${node.name}`)}`,
    `--hostname-override=${node.name}`,
    `--node-ip=${inOrder(plan, node.address, node.address6).join()}`,
    `--node-labels=topology.kubernetes.io/region=test,topology.kubernetes.io/zone=test-${node.name}`,
  ]
}

function kubeProxyFlags(plan: ClusterPlan, node: NodePlan): readonly string[] {
  return [
    `--kubeconfig=${kubeconfigOf(plan, 'kube-proxy')}`,
    `--hostname-override=${node.name}`,
    `--cluster-cidr=${inOrder(plan, plan.podRange, plan.podRange6).join()}`,
    '--proxy-mode=iptables',
    '--iptables-min-sync-period=0s',
    // Connection tracking has no such settings in a network namespace that is not the first.
    '--conntrack-max-per-core=0',
    '--conntrack-tcp-timeout-established=0s',
    '--conntrack-tcp-timeout-close-wait=0s',
    // A root without CAP_SYS_RESOURCE may not lower it.
    '--oom-score-adj=0',
  ]
}

function kubeconfigOf({ pki }: ClusterPlan, user: string): string {
  return join(pki, `${user}.kubeconfig`)
}
