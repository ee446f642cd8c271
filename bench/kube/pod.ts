import { randomUUID } from 'node:crypto'

/** Applications that the pods belong to; ten pods each. */
const PODS_PER_APPLICATION = 10
const APPLICATIONS_PER_NAMESPACE = 20

/** A pod as an API server tells it: of a Deployment, with a sidecar, two probes, volumes, `managedFields` and conditions; about 9 KB. */
export function createPod(index: number) {
  const application = Math.floor(index / PODS_PER_APPLICATION)
  const app = `application-${application}`
  const set = `${app}-7d9c5b6f4d`
  const labels = { app, 'app.kubernetes.io/part-of': 'shop', 'pod-template-hash': '7d9c5b6f4d', version: 'v3' }
  const time = '2026-11-21T10:20:30Z'
  return {
    apiVersion: 'v1',
    kind: 'Pod',
    metadata: {
      name: `${set}-${index.toString(36).padStart(5, '0')}`,
      namespace: `team-${Math.floor(application / APPLICATIONS_PER_NAMESPACE)}`,
      generateName: `${set}-`,
      labels,
      annotations: {
        'heddle.dev/inject': 'enabled',
        'heddle.dev/status': JSON.stringify({ version: '0.1.0', containers: ['heddle-proxy'] }),
        'kubectl.kubernetes.io/restartedAt': time,
      },
      ownerReferences: [
        {
          apiVersion: 'apps/v1',
          kind: 'ReplicaSet',
          name: set,
          uid: randomUUID(),
          controller: true,
          blockOwnerDeletion: true,
        },
      ],
      managedFields: ['kube-controller-manager', 'kubelet'].map((manager) => managedBy(manager, time)),
    },
    spec: specOf(app, index),
    status: statusOf(index, time),
  }
}

function specOf(app: string, index: number) {
  return {
    initContainers: [{ ...container('heddle-proxy', 15020), restartPolicy: 'Always' }],
    containers: [container('web', 8080)],
    serviceAccountName: app,
    nodeName: `node-${index % 50}.zone-${index % 3}.example`,
    volumes: [
      {
        name: 'token',
        projected: { sources: [{ serviceAccountToken: { path: 'token', expirationSeconds: 3607 } }] },
      },
      { name: 'settings', configMap: { name: `${app}-settings`, defaultMode: 420 } },
    ],
    restartPolicy: 'Always',
    dnsPolicy: 'ClusterFirst',
    securityContext: { runAsNonRoot: true },
    tolerations: ['not-ready', 'unreachable'].map((key) => ({
      key: `node.kubernetes.io/${key}`,
      operator: 'Exists',
      effect: 'NoExecute',
      tolerationSeconds: 300,
    })),
  }
}

function statusOf(index: number, time: string) {
  return {
    phase: 'Running',
    conditions: ['PodReadyToStartContainers', 'Initialized', 'Ready', 'ContainersReady', 'PodScheduled'].map(
      (type) => ({
        type,
        status: 'True',
        lastProbeTime: null,
        lastTransitionTime: time,
      }),
    ),
    hostIP: '10.0.0.7',
    podIP: `10.${64 + (index >> 16)}.${(index >> 8) & 255}.${index & 255}`,
    podIPs: [{ ip: `10.${64 + (index >> 16)}.${(index >> 8) & 255}.${index & 255}` }],
    startTime: time,
    containerStatuses: ['web', 'heddle-proxy'].map((name) => ({
      name,
      state: { running: { startedAt: time } },
      ready: true,
      restartCount: 0,
      image: `registry.example/${name}:1.2.3`,
      imageID: `registry.example/${name}@sha256:${'0123456789abcdef'.repeat(4)}`,
      containerID: `containerd://${'fedcba9876543210'.repeat(4)}`,
      started: true,
    })),
    qosClass: 'Burstable',
  }
}

function container(name: string, port: number) {
  const probe = {
    httpGet: { path: '/ready', port, scheme: 'HTTP' },
    periodSeconds: 10,
    timeoutSeconds: 1,
    failureThreshold: 3,
  }
  return {
    name,
    image: `registry.example/${name}:1.2.3`,
    ports: [{ name: 'http', containerPort: port, protocol: 'TCP' }],
    env: Array.from({ length: 8 }, (_, index) => ({ name: `SETTING_${index}`, value: `value-of-setting-${index}` })),
    resources: { requests: { cpu: '100m', memory: '64Mi' }, limits: { memory: '256Mi' } },
    volumeMounts: [{ name: 'token', mountPath: '/var/run/secrets/tokens', readOnly: true }],
    livenessProbe: probe,
    readinessProbe: probe,
    terminationMessagePath: '/dev/termination-log',
    imagePullPolicy: 'IfNotPresent',
    securityContext: { allowPrivilegeEscalation: false, capabilities: { drop: ['ALL'] } },
  }
}

function managedBy(manager: string, time: string) {
  const fields = Object.fromEntries(
    [
      'env',
      'image',
      'livenessProbe',
      'name',
      'ports',
      'readinessProbe',
      'resources',
      'securityContext',
      'volumeMounts',
    ].map((field) => [`f:${field}`, { '.': {}, [`k:{"name":"${field}"}`]: { '.': {}, 'f:name': {}, 'f:value': {} } }]),
  )
  const fieldsV1 = { 'f:spec': { 'f:containers': { 'k:{"name":"web"}': fields, 'k:{"name":"heddle-proxy"}': fields } } }
  return { manager, operation: 'Update', apiVersion: 'v1', time, fieldsType: 'FieldsV1', fieldsV1 }
}
