import { join } from 'node:path'
import { type ClusterPlan, inOrder, type NodePlan } from './cluster-plan.ts'
import { PAUSE_IMAGE } from './images/test-images.ts'

/** Where a node has its configuration, seen from within; the places are those of machine-init.sh. */
export const CONTAINERD_CONFIG = '/etc/containerd/config.toml'
export const KUBELET_CONFIG = '/var/lib/kubelet/config.yaml'
const CNI_CONFIG = '/etc/cni/net.d/50-cluster.conflist'
const RUNTIME = '/run/containerd/containerd.sock'

/** What a node's programs read, by path. JSON is YAML. */
export function nodeFiles(plan: ClusterPlan, node: NodePlan): ReadonlyMap<string, string> {
  return new Map([
    [CONTAINERD_CONFIG, containerdConfig()],
    [CNI_CONFIG, JSON.stringify(cniConfig(plan, node))],
    [KUBELET_CONFIG, JSON.stringify(kubeletConfig(plan, node))],
    ['/etc/resolv.conf', `nameserver ${plan.hostAddress}\n`],
  ])
}

/** Of containerd 1.6, which Debian 12 has. */
function containerdConfig(): string {
  const cri = 'plugins."io.containerd.grpc.v1.cri"'
  return `version = 2
oom_score = 0
[grpc]
  address = "${RUNTIME}"
[${cri}]
  sandbox_image = "${PAUSE_IMAGE}"
  netns_mounts_under_state_dir = true
  restrict_oom_score_adj = true
[${cri}.cni]
  bin_dir = "/opt/cni/bin"
  conf_dir = "/etc/cni/net.d"
[${cri}.containerd]
  snapshotter = "overlayfs"
  default_runtime_name = "runc"
[${cri}.containerd.runtimes.runc]
  runtime_type = "io.containerd.runc.v2"
`
}

/** Pods of a node hang on links of their own and are routed, so that no setting of bridges matters. */
function cniConfig(plan: ClusterPlan, { podRange, podRange6 }: NodePlan): unknown {
  const ranges = inOrder(plan, podRange, podRange6).map((subnet) => [{ subnet }])
  const routes = inOrder(plan, '0.0.0.0/0', '::/0').map((dst) => ({ dst }))
  const ipam = { type: 'host-local', ranges, routes }
  return {
    cniVersion: '1.0.0',
    name: `heddle-${plan.name}`,
    plugins: [
      { type: 'no-dad' },
      { type: 'ptp', ipMasq: false, ipam },
      { type: 'portmap', capabilities: { portMappings: true } },
    ],
  }
}

/** No pod is thrown out for the machine's disk being full of other things. */
function kubeletConfig(plan: ClusterPlan, node: NodePlan): unknown {
  const file = (name: string) => join(plan.pki, name)
  const unlimited = {
    'nodefs.available': '0%',
    'nodefs.inodesFree': '0%',
    'imagefs.available': '0%',
    'imagefs.inodesFree': '0%',
  }
  return {
    apiVersion: 'kubelet.config.k8s.io/v1beta1',
    kind: 'KubeletConfiguration',
    address: '::',
    authentication: {
      anonymous: { enabled: false },
      webhook: { enabled: true },
      x509: { clientCAFile: file('ca.crt') },
    },
    authorization: { mode: 'Webhook' },
    tlsCertFile: file(`kubelet-server-${node.name}.crt`),
    tlsPrivateKeyFile: file(`kubelet-server-${node.name}.key`),
    containerRuntimeEndpoint: `unix://${RUNTIME}`,
    cgroupDriver: 'cgroupfs',
    cgroupRoot: `/${node.controlGroup}`,
    failSwapOn: false,
    oomScoreAdj: 0,
    clusterDomain: 'cluster.local',
    clusterDNS: [plan.dnsAddress],
    resolvConf: '/etc/resolv.conf',
    serializeImagePulls: false,
    imageGCHighThresholdPercent: 100,
    imageGCLowThresholdPercent: 99,
    evictionHard: { 'memory.available': '100Mi', ...unlimited },
    volumePluginDir: '/var/lib/kubelet/volume-plugins',
  }
}
