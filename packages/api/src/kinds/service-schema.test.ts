import { describe, expect, test } from 'vitest'
import { documents, problemsOf, service, workload } from '../manifest/manifest-fixture.ts'
import { parseManifests } from '../manifest/parse-manifests.ts'

const WEB = workload('command: [x]\nports: [{name: http, port: 8080}]')
const SELECTOR = 'selector: {app: web}'

/** Problems of a Service beside a Workload that it may select. */
function problemsBeside(spec: string): string[] {
  return problemsOf(documents(service(spec), WEB))
}

describe('a Service is taken', () => {
  test.each([
    { name: 'as files have it', spec: `${SELECTOR}\nports: [{port: 80, targetPort: http}]` },
    { name: 'with the port of the Workload', spec: `${SELECTOR}\nports: [{port: 8080}]` },
    { name: 'headless', spec: `${SELECTOR}\nclusterIP: None` },
    {
      name: 'with addresses',
      spec: `${SELECTOR}\nclusterIP: 10.96.0.9\nclusterIPs: [10.96.0.9, "fd00::9"]\nports: [{port: 8080}]`,
    },
    {
      name: 'with all that asks for what happens anyway',
      spec: `
${SELECTOR}
type: ClusterIP
ports: [{name: http, port: 8080, protocol: TCP, appProtocol: http, nodePort: 0}]
sessionAffinity: None
internalTrafficPolicy: Cluster
externalTrafficPolicy: Cluster
ipFamilies: [IPv4]
ipFamilyPolicy: SingleStack
externalIPs: []
publishNotReadyAddresses: true`,
    },
    {
      name: 'for clients of the same host only',
      spec: `${SELECTOR}\nports: [{port: 8080}]\ninternalTrafficPolicy: Local`,
    },
  ])('$name', ({ spec }) => {
    expect(problemsBeside(spec)).toEqual([])
  })

  test('as a cluster writes it', () => {
    const text = `apiVersion: v1
kind: Service
metadata:
  name: web-svc
  namespace: shop
  uid: 0b3f1c9e-0000-4000-8000-000000000000
  resourceVersion: "1234"
  creationTimestamp: "2026-01-31T12:00:00Z"
  generation: 1
  managedFields:
  - {manager: kubectl, operation: Apply, apiVersion: v1, time: "2026-01-31T12:00:00Z", fieldsType: FieldsV1, fieldsV1: {"f:spec": {}}}
  ownerReferences: [{apiVersion: apps/v1, kind: Deployment, name: web, uid: x, controller: true}]
spec:
  clusterIP: 10.96.0.9
  clusterIPs: [10.96.0.9]
  internalTrafficPolicy: Cluster
  ipFamilies: [IPv4]
  ipFamilyPolicy: SingleStack
  ports: [{name: http, port: 80, protocol: TCP, targetPort: 8080}]
  selector: {app: web}
  sessionAffinity: None
  type: ClusterIP
status:
  loadBalancer: {}`
    const { problems } = parseManifests([{ path: 'f', text: documents(text, WEB) }])
    expect(problems.filter((problem) => problem.severity === 'error')).toEqual([])
    expect(problems.map((problem) => problem.field)).toEqual([
      'metadata.uid',
      'metadata.resourceVersion',
      'metadata.creationTimestamp',
      'metadata.generation',
      'metadata.managedFields',
      'metadata.ownerReferences',
      'status',
    ])
  })
})

describe('a Service is refused:', () => {
  test.each([
    {
      spec: 'selector: {app: web}',
      problem: 'f:4:1: spec.ports: a Service needs at least one port, unless it is headless or an ExternalName',
    },
    { spec: `${SELECTOR}\nports: [{targetPort: 80}]`, problem: 'f:6:11: spec.ports[0].port: is missing' },
    {
      spec: `${SELECTOR}\nports: [{port: 80, targetPort: 0}]`,
      problem: /spec.ports\[0\].targetPort: expected a port from 1 to 65535, or the name/,
    },
    {
      spec: `${SELECTOR}\nports: [{port: 80, targetPort: "8080"}]`,
      problem: /targetPort: expected a port from 1 to 65535, or the name .*, got "8080"$/,
    },
    {
      spec: `${SELECTOR}\nports: [{port: 8080}, {port: 81, targetPort: 8080}]`,
      problem: 'f:6:3: spec.ports: each port needs a name when there is more than one',
    },
    {
      spec: `${SELECTOR}\nports: [{name: a, port: 8080}, {name: b, port: 8080}]`,
      problem: 'f:6:34: spec.ports[1]: port 8080 and protocol "TCP" is given by spec.ports[0] already',
    },
    { spec: `${SELECTOR}\nport: 80`, problem: /spec.port: is not a known field \(did you mean ports\?\)/ },
    {
      spec: `${SELECTOR}\nclusterIP: 127.0.0.1\nports: [{port: 80}]`,
      problem: /spec.clusterIP: expected an IP address that clients can be sent to, or None, got "127.0.0.1"/,
    },
    {
      spec: `${SELECTOR}\nclusterIP: 10.96.0.1\nclusterIPs: [10.96.0.2]\nports: [{port: 80}]`,
      problem: 'f:7:3: spec.clusterIPs: the first one must be the same as clusterIP',
    },
    {
      spec: `${SELECTOR}\nclusterIPs: [10.96.0.1, 10.96.0.2]\nports: [{port: 80}]`,
      problem: 'f:6:3: spec.clusterIPs: two addresses must be one of IPv4 and one of IPv6',
    },
    {
      spec: `${SELECTOR}\nclusterIP: None\ntype: NodePort`,
      problem: 'f:6:3: spec.clusterIP: None goes with type ClusterIP only',
    },
    {
      spec: 'type: ExternalName',
      problem: 'f:4:1: spec.externalName: goes with type ExternalName, and that type needs it',
    },
    {
      spec: `${SELECTOR}\nexternalName: example.org\nports: [{port: 80}]`,
      problem: 'f:6:3: spec.externalName: goes with type ExternalName, and that type needs it',
    },
    {
      spec: `${SELECTOR}\ntype: External`,
      problem: /spec.type: expected one of ClusterIP, ExternalName, NodePort, LoadBalancer, got "External"/,
    },
  ])('$spec', ({ spec, problem }) => {
    const problems = problemsBeside(spec).filter((line) => !line.includes('warning: '))
    const expected = problem instanceof RegExp ? expect.stringMatching(problem) : problem
    expect(problems).toContainEqual(expected)
  })
})

describe('what has no effect in a Service is said:', () => {
  test.each([
    {
      spec: 'type: NodePort',
      field: 'spec.type: "NodePort" has no effect: the Service is reached inside the mesh only',
    },
    { spec: 'type: LoadBalancer', field: 'spec.type: "LoadBalancer" has no effect' },
    { spec: 'externalIPs: [192.0.2.1]', field: 'spec.externalIPs: has no effect' },
    { spec: 'loadBalancerIP: 192.0.2.1', field: 'spec.loadBalancerIP: "192.0.2.1" has no effect' },
    { spec: 'loadBalancerSourceRanges: [192.0.2.0/24]', field: 'spec.loadBalancerSourceRanges: has no effect' },
    { spec: 'loadBalancerClass: example.org/lb', field: 'spec.loadBalancerClass: "example.org/lb" has no effect' },
    { spec: 'allocateLoadBalancerNodePorts: true', field: 'spec.allocateLoadBalancerNodePorts: true has no effect' },
    { spec: 'externalTrafficPolicy: Local', field: 'spec.externalTrafficPolicy: "Local" has no effect' },
    { spec: 'healthCheckNodePort: 31000', field: 'spec.healthCheckNodePort: 31000 has no effect' },
    {
      spec: 'sessionAffinity: ClientIP',
      field: 'spec.sessionAffinity: "ClientIP" has no effect: requests are balanced one by one',
    },
    {
      spec: 'sessionAffinityConfig: {clientIP: {timeoutSeconds: 10}}',
      field: 'spec.sessionAffinityConfig: has no effect',
    },
  ])('$spec', ({ spec, field }) => {
    expect(problemsBeside(`${SELECTOR}\nports: [{port: 8080}]\n${spec}`)).toEqual([
      expect.stringContaining(`f:7:3: warning: ${field}`),
    ])
  })

  test('a port that is not TCP', () => {
    const spec = `${SELECTOR}\nports: [{name: dns, port: 53, protocol: UDP}]`
    expect(problemsBeside(spec)).toEqual([
      'f:6:33: warning: spec.ports[0].protocol: "UDP" has no effect: the mesh carries TCP only, this port is left out',
    ])
  })

  test('a protocol that is not known', () => {
    expect(problemsBeside(`${SELECTOR}\nports: [{port: 8080, appProtocol: example.com/own}]`)).toEqual([
      expect.stringContaining('spec.ports[0].appProtocol: "example.com/own" has no effect: it is not known here'),
    ])
  })
})
