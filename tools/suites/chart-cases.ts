/** Values that are said to Helm and to `heddle install` alike. */
export interface ChartCase {
  /** Completes "the chart is heddle install, ...". */
  readonly name: string
  readonly namespace?: string
  readonly ha?: boolean
  /** Each a file, the later ones over the earlier. */
  readonly files?: readonly object[]
  readonly set?: readonly string[]
}

const EVERYTHING = {
  trustDomain: 'mesh.example',
  image: { registry: 'registry.example:5000/mirror', tag: '1.2.3', pullPolicy: 'Always', pullSecrets: ['a', 'b'] },
  control: {
    replicas: 2,
    logLevel: 'debug',
    leafLife: '12h',
    resources: { requests: { cpu: '', memory: '' }, limits: { cpu: '2', memory: '' } },
    antiAffinity: 'None',
    disruptionBudget: true,
    nodeSelector: { 'node-role.kubernetes.io/infra': '' },
    tolerations: [{ key: 'dedicated', operator: 'Exists', tolerationSeconds: 3600 }],
    priorityClassName: 'system-cluster-critical',
  },
  proxy: { mode: 'classic', logLevel: 'warn', skipOutboundPorts: '25,4000-4100', memoryLimit: '256Mi' },
  webhooks: {
    injector: { failurePolicy: 'Fail', timeoutSeconds: 5 },
    validator: { timeoutSeconds: 3 },
    excludedNamespaces: ['calico-system', 'kube-system'],
  },
  access: {
    viewers: [
      { kind: 'Group', name: 'oidc:team <a&b>' },
      { kind: 'ServiceAccount', name: 'ci' },
    ],
    operators: [
      { kind: 'User', name: 'admin@example.org' },
      { kind: 'ServiceAccount', name: 'ci', namespace: 'builds' },
    ],
  },
}

export const CHART_CASES: readonly ChartCase[] = [
  { name: 'with nothing said' },
  { name: 'in another namespace', namespace: 'mesh-system' },
  { name: 'for high availability', ha: true },
  { name: 'with everything said', namespace: 'mesh', files: [EVERYTHING] },
  { name: 'with everything said over high availability', ha: true, files: [EVERYTHING] },
  {
    name: 'with files over files and single values over both',
    files: [
      { control: { nodeSelector: { disk: 'ssd' } }, proxy: { logLevel: 'warn' } },
      { proxy: { logLevel: 'error' } },
    ],
    set: ['control.replicas=5', 'image.tag=v9'],
  },
  { name: 'with what is so anyway', files: [{ trustDomain: 'heddle.local', control: { replicas: 1 } }] },
  { name: 'without namespaces that are left out', files: [{ webhooks: { excludedNamespaces: [] } }] },
  {
    name: 'without any resources',
    files: [{ control: { resources: { requests: { cpu: '', memory: '' }, limits: { memory: '' } } } }],
  },
]

/** Single values that both must refuse. */
export const REFUSED_VALUES: readonly string[] = [
  'contrl.replicas=3',
  'control.replicas=0',
  'control.replicas=many',
  'image.pullPolicy=Sometimes',
  'image.registry=registry.example/',
  'webhooks.injector.timeoutSeconds=31',
  'control.resources.requests.cpu=much',
  'proxy.logLevel=loud',
  'proxy.memoryLimit=much',
]
