import type { KubeDraft } from '../client/client.ts'
import { AGENT_PROGRAM, INJECT_ANNOTATION } from '../inject/names.ts'
import { toYaml } from './config-map.ts'
import { imageOf } from './image.ts'
import { CONFIG_KEYS, INSTALL_NAMES, PART_OF_HEDDLE } from './install-names.ts'
import type { InstallValues } from './install-values.ts'
import { INSTALL_VERSION } from './install-version.ts'
import { toObject } from './installation.ts'
import { overridesOf } from './override.ts'
import { bindingBody, roleBody } from './rbac.ts'

const NAME = INSTALL_NAMES.nodeAgent
const LABELS = { 'app.kubernetes.io/name': NAME, ...PART_OF_HEDDLE }
const SELECTOR = { 'app.kubernetes.io/name': NAME }

type AgentValues = Pick<InstallValues, 'image'>

/** What the agent of nodes is made from. */
export interface AgentInstallation {
  /** Of the installation that it belongs to. */
  readonly namespace: string
  readonly values: AgentValues
  /** Those of the installation: what `values` has besides is kept as the agent's own. */
  readonly installed: AgentValues
}

/**
 * The agent that redirects the connections of pods on every node, so that no pod of an application needs a right to do so. It has a
 * namespace of its own, which alone must allow what it may.
 */
export function renderNodeAgent(agent: AgentInstallation): readonly KubeDraft[] {
  const own = { name: NAME, namespace: NAME, labels: LABELS }
  const shared = { name: NAME, labels: LABELS }
  const privileged = { ...shared, labels: { ...LABELS, 'pod-security.kubernetes.io/enforce': 'privileged' } }
  const rules = [{ apiGroups: [''], resources: ['pods'], verbs: ['list', 'watch'] }]
  const role = { kind: 'ClusterRole', name: NAME } as const
  const subjects = [{ kind: 'ServiceAccount', name: NAME, namespace: NAME }] as const
  return [
    toObject(privileged, { apiVersion: 'v1', kind: 'Namespace' }),
    toObject(own, { apiVersion: 'v1', kind: 'ServiceAccount' }),
    toObject(shared, roleBody('ClusterRole', rules)),
    toObject(shared, bindingBody('ClusterRoleBinding', role, subjects)),
    toObject(own, { apiVersion: 'v1', kind: 'ConfigMap', data: agentConfig(agent) }),
    toObject(own, { apiVersion: 'apps/v1', kind: 'DaemonSet', spec: daemonSet(agent.values) }),
  ]
}

/** For whoever applies the agent again: it reads none of it itself. */
function agentConfig({ namespace, values, installed }: AgentInstallation): Readonly<Record<string, string>> {
  return {
    [CONFIG_KEYS.version]: INSTALL_VERSION,
    [CONFIG_KEYS.installation]: namespace,
    [CONFIG_KEYS.overrides]: toYaml(overridesOf({ image: values.image }, { image: installed.image })),
  }
}

function daemonSet(values: AgentValues): object {
  return {
    selector: { matchLabels: SELECTOR },
    updateStrategy: { type: 'RollingUpdate', rollingUpdate: { maxUnavailable: 1 } },
    template: {
      metadata: { labels: LABELS, annotations: { [INJECT_ANNOTATION]: 'disabled' } },
      spec: {
        serviceAccountName: NAME,
        // Pods are found by their processes.
        hostPID: true,
        nodeSelector: { 'kubernetes.io/os': 'linux' },
        // Wherever a pod may be that waits for it.
        tolerations: [{ operator: 'Exists' }],
        priorityClassName: 'system-node-critical',
        terminationGracePeriodSeconds: 5,
        ...(values.image.pullSecrets.length > 0 && {
          imagePullSecrets: values.image.pullSecrets.map((name) => ({ name })),
        }),
        containers: [container(values)],
      },
    },
  }
}

function container(values: AgentValues): object {
  return {
    name: 'agent',
    image: imageOf('proxy', values),
    imagePullPolicy: values.image.pullPolicy,
    command: AGENT_PROGRAM,
    env: [
      { name: 'NODE_NAME', valueFrom: { fieldRef: { fieldPath: 'spec.nodeName' } } },
      { name: 'XTABLES_LOCKFILE', value: '/dev/shm/xtables.lock' },
    ],
    resources: { requests: { cpu: '10m', memory: '64Mi' }, limits: { memory: '256Mi' } },
    securityContext: {
      allowPrivilegeEscalation: false,
      // To find the network of a process of another user, to enter it, and to change its rules.
      capabilities: { add: ['NET_ADMIN', 'NET_RAW', 'SYS_ADMIN', 'SYS_PTRACE'], drop: ['ALL'] },
      readOnlyRootFilesystem: true,
      runAsGroup: 0,
      runAsNonRoot: false,
      runAsUser: 0,
      seccompProfile: { type: 'RuntimeDefault' },
    },
  }
}
