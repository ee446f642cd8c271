import type { KubeDraft } from '../client/client.ts'
import { AGENT_PROGRAM, INJECT_ANNOTATION } from '../inject/names.ts'
import { imageOf } from './image.ts'
import { INSTALL_NAMES, PART_OF_HEDDLE } from './install-names.ts'
import type { InstallValues } from './install-values.ts'
import { toObject } from './installation.ts'
import { bindingBody, roleBody } from './rbac.ts'

const NAME = INSTALL_NAMES.nodeAgent
const LABELS = { 'app.kubernetes.io/name': NAME, ...PART_OF_HEDDLE }
const SELECTOR = { 'app.kubernetes.io/name': NAME }

/**
 * The agent that redirects the connections of pods on every node, so that no pod of an application needs a right to do so. It has a
 * namespace of its own, which alone must allow what it may.
 */
export function renderNodeAgent(values: Pick<InstallValues, 'image'>): readonly KubeDraft[] {
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
    toObject(own, { apiVersion: 'apps/v1', kind: 'DaemonSet', spec: daemonSet(values) }),
  ]
}

function daemonSet(values: Pick<InstallValues, 'image'>): object {
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

function container(values: Pick<InstallValues, 'image'>): object {
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
