import type { KubeDraft } from '../client/client.ts'
import { INJECT_ANNOTATION } from '../inject/names.ts'
import { configChecksum } from './config-map.ts'
import { imageOf } from './image.ts'
import { COMPONENT_LABEL, CONTROL_COMPONENT, INSTALL_NAMES, INSTALL_PORTS } from './install-names.ts'
import type { ControlValues, Quantities } from './install-values.ts'
import { type Installation, ownLabels, ownObject } from './installation.ts'

const { control, controlAccount } = INSTALL_NAMES
const SELECTED = { [COMPONENT_LABEL]: CONTROL_COMPONENT } as const
/** Of the image; nobody needs to know it. */
const USER_ID = 65_532
const STATE = '/var/lib/heddle'
const LEAVE_SECONDS = 5

/** The control plane, and what lets drains take only one of it at a time. */
export function controlDeployment(installation: Installation): readonly KubeDraft[] {
  const { values } = installation
  const deployment = ownObject(installation, control, {
    apiVersion: 'apps/v1',
    kind: 'Deployment',
    spec: {
      replicas: values.control.replicas,
      revisionHistoryLimit: 3,
      selector: { matchLabels: SELECTED },
      strategy: { type: 'RollingUpdate', rollingUpdate: rollingUpdate(values.control) },
      template: {
        metadata: {
          labels: { ...ownLabels(installation), ...SELECTED },
          annotations: {
            'heddle.dev/config-checksum': configChecksum(values),
            [INJECT_ANNOTATION]: 'disabled',
            'prometheus.io/path': '/metrics',
            'prometheus.io/port': String(INSTALL_PORTS.admin),
            'prometheus.io/scrape': 'true',
          },
        },
        spec: podSpec(installation),
      },
    },
  })
  return [deployment, ...disruptionBudget(installation)]
}

/** Where each node may have one replica only, a new one finds no room until an old one has gone. */
function rollingUpdate({ antiAffinity }: ControlValues): object {
  return antiAffinity === 'Required' ? { maxSurge: 0, maxUnavailable: 1 } : { maxSurge: 1, maxUnavailable: 0 }
}

function podSpec(installation: Installation): object {
  const { image, control: own } = installation.values
  return {
    serviceAccountName: controlAccount,
    ...(image.pullSecrets.length > 0 && { imagePullSecrets: image.pullSecrets.map((name) => ({ name })) }),
    ...(own.priorityClassName !== '' && { priorityClassName: own.priorityClassName }),
    nodeSelector: own.nodeSelector,
    ...(own.tolerations.length > 0 && { tolerations: own.tolerations }),
    ...affinity(own),
    terminationGracePeriodSeconds: 30,
    securityContext: {
      runAsNonRoot: true,
      runAsUser: USER_ID,
      runAsGroup: USER_ID,
      fsGroup: USER_ID,
      seccompProfile: { type: 'RuntimeDefault' },
    },
    containers: [container(installation)],
    volumes: [{ name: 'state', emptyDir: { sizeLimit: '64Mi' } }],
  }
}

function container({ namespace, values }: Installation): object {
  const { admin, api, webhook } = INSTALL_PORTS
  return {
    name: 'control',
    image: imageOf('control', values),
    imagePullPolicy: values.image.pullPolicy,
    args: [
      '--kubernetes',
      `--namespace=${namespace}`,
      `--trust-domain=${values.trustDomain}`,
      `--leaf-life=${values.control.leafLife}`,
      // Of both families: a kubelet probes the first address of the pod, and Services lead to either.
      `--listen=[::]:${api}`,
      `--webhook-listen=[::]:${webhook}`,
      `--admin=[::]:${admin}`,
      // In a folder of its own: the mode of the volume's is not its to change.
      `--state=${STATE}/state`,
      `--log-level=${values.control.logLevel}`,
    ],
    ports: [
      { name: 'api', containerPort: api },
      { name: 'webhook', containerPort: webhook },
      { name: 'admin', containerPort: admin },
    ],
    livenessProbe: probe('/live', { periodSeconds: 10, failureThreshold: 6 }),
    readinessProbe: probe('/ready', { periodSeconds: 2, failureThreshold: 3 }),
    // Until the first lists of a large cluster are there.
    startupProbe: probe('/live', { periodSeconds: 2, failureThreshold: 60 }),
    // It answers until nobody asks it any more: the API server's webhooks go by endpoints that take a moment to follow.
    lifecycle: { preStop: { sleep: { seconds: LEAVE_SECONDS } } },
    resources: resources(values.control),
    securityContext: {
      allowPrivilegeEscalation: false,
      readOnlyRootFilesystem: true,
      capabilities: { drop: ['ALL'] },
    },
    volumeMounts: [{ name: 'state', mountPath: STATE }],
  }
}

function probe(path: string, times: { readonly periodSeconds: number; readonly failureThreshold: number }): object {
  return { httpGet: { path, port: 'admin' }, timeoutSeconds: 5, ...times }
}

/** @returns nothing where nothing is said of either */
function resources({ resources: { limits, requests } }: ControlValues): object {
  return { ...quantities('requests', requests), ...quantities('limits', limits) }
}

function quantities(name: 'requests' | 'limits', { cpu, memory }: Quantities): object {
  const said = { ...(cpu !== '' && { cpu }), ...(memory !== '' && { memory }) }
  return Object.keys(said).length === 0 ? {} : { [name]: said }
}

function affinity({ antiAffinity }: ControlValues): object {
  const term = (topologyKey: string): object => ({ labelSelector: { matchLabels: SELECTED }, topologyKey })
  const preferred = (topologyKey: string): object => ({ weight: 100, podAffinityTerm: term(topologyKey) })
  const zone = preferred('topology.kubernetes.io/zone')
  const host = 'kubernetes.io/hostname'
  switch (antiAffinity) {
    case 'None':
      return {}
    case 'Preferred':
      return {
        affinity: { podAntiAffinity: { preferredDuringSchedulingIgnoredDuringExecution: [preferred(host), zone] } },
      }
    case 'Required':
      return {
        affinity: {
          podAntiAffinity: {
            requiredDuringSchedulingIgnoredDuringExecution: [term(host)],
            preferredDuringSchedulingIgnoredDuringExecution: [zone],
          },
        },
      }
  }
}

function disruptionBudget(installation: Installation): readonly KubeDraft[] {
  if (!installation.values.control.disruptionBudget) return []
  return [
    ownObject(installation, control, {
      apiVersion: 'policy/v1',
      kind: 'PodDisruptionBudget',
      spec: { maxUnavailable: 1, selector: { matchLabels: SELECTED } },
    }),
  ]
}
