import { describe, expect, test } from 'vitest'
import { problemsOf, workload } from '../manifest/manifest-fixture.ts'

describe('a Workload is taken', () => {
  test.each([
    { name: 'with the least', spec: 'command: [x]' },
    {
      name: 'at addresses',
      spec: 'addresses: [10.0.0.7, "fd00::7"]\nports: [{name: db, port: 5432, appProtocol: postgresql}]',
    },
    {
      name: 'with everything',
      spec: `
serviceAccount: default
ports: [{name: http, port: 8080, protocol: TCP, appProtocol: kubernetes.io/h2c}]
command: [node, server.js]
args: [--quiet]
workingDir: ../app
replicas: 0
env:
- {name: A, value: ""}
- {name: B, valueFrom: {portRef: {name: http}}}
- {name: C, valueFrom: {fieldRef: {fieldPath: status.address}}}
locality: {region: eu, zone: eu-1}
healthCheck:
  httpGet: {path: /healthz?full=1, port: http}
  initialDelaySeconds: 1
  periodSeconds: 2
  timeoutSeconds: 3
  failureThreshold: 4
  successThreshold: 5
terminationGracePeriodSeconds: 0
restartPolicy: Never`,
    },
    { name: 'with a health check by connection', spec: 'command: [x]\nhealthCheck: {tcpSocket: {port: 8080}}' },
  ])('$name', ({ spec }) => {
    expect(problemsOf(workload(spec))).toEqual([])
  })
})

describe('a Workload is refused:', () => {
  test.each([
    { spec: 'replicas: 1', problem: 'f:4:1: spec: expected exactly one of command and addresses' },
    {
      spec: 'command: [x]\naddresses: [10.0.0.7]',
      problem: 'f:4:1: spec: expected exactly one of command and addresses',
    },
    { spec: 'command: x', problem: 'f:5:3: spec.command: expected a list of at least 1 and at most 1000, got "x"' },
    { spec: 'command: [""]', problem: 'f:5:3: spec.command: the program has no name' },
    {
      spec: 'command: [1]',
      problem:
        'f:5:13: spec.command[0]: expected text without NUL, at most 131072 characters, got a number (write it in quotes)',
    },
    {
      spec: 'addresses: [10.0.0]',
      problem: 'f:5:15: spec.addresses[0]: expected an IP address such as 10.0.0.7 or fd00::7, got "10.0.0"',
    },
    {
      spec: 'command: [x]\nreplicas: -1',
      problem: 'f:6:3: spec.replicas: expected a whole number from 0 to 1000, got -1',
    },
    {
      spec: 'command: [x]\nreplicas: 1.5',
      problem: 'f:6:3: spec.replicas: expected a whole number from 0 to 1000, got 1.5',
    },
    {
      spec: 'command: [x]\nreplicas: "2"',
      problem: 'f:6:3: spec.replicas: expected a whole number from 0 to 1000, got "2" (write it without quotes)',
    },
    { spec: 'command: [x]\nports: [{port: 80}]', problem: 'f:6:11: spec.ports[0].name: is missing' },
    {
      spec: 'command: [x]\nports: [{name: http, port: 0}]',
      problem: 'f:6:24: spec.ports[0].port: expected a port from 1 to 65535, got 0',
    },
    {
      spec: 'command: [x]\nports: [{name: HTTP, port: 1}]',
      problem: /spec.ports\[0\].name: expected a port name: .*, got "HTTP"$/,
    },
    {
      spec: 'command: [x]\nports: [{name: "80", port: 1}]',
      problem: /spec.ports\[0\].name: expected a port name: .*, got "80"$/,
    },
    {
      spec: 'command: [x]\nports: [{name: a, port: 1, protocol: UDP}]',
      problem: 'f:6:30: spec.ports[0].protocol: expected TCP, got "UDP"',
    },
    {
      spec: 'command: [x]\nports: [{name: a, port: 1}, {name: a, port: 2}]',
      problem: 'f:6:32: spec.ports[1].name: name "a" is given by spec.ports[0] already',
    },
    {
      spec: 'command: [x]\nports: [{name: a, port: 1}, {name: b, port: 1}]',
      problem: 'f:6:41: spec.ports[1].port: port 1 is given by spec.ports[0] already',
    },
    {
      spec: 'command: [x]\nenv: [{name: A}, {name: A}]',
      problem: 'f:6:21: spec.env[1].name: name "A" is given by spec.env[0] already',
    },
    { spec: 'command: [x]\nenv: [{name: 1A}]', problem: /spec.env\[0\].name: expected a name of letters/ },
    {
      spec: 'command: [x]\nenv: [{name: A, value: x, valueFrom: {portRef: {name: a}}}]',
      problem: 'f:6:9: spec.env[0]: expected value or valueFrom, not both',
    },
    {
      spec: 'command: [x]\nenv: [{name: A, valueFrom: {}}]',
      problem: 'f:6:19: spec.env[0].valueFrom: expected exactly one of serviceRef, portRef and fieldRef',
    },
    {
      spec: 'command: [x]\nenv: [{name: A, valueFrom: {fieldRef: {fieldPath: spec.replicas}}}]',
      problem:
        /fieldPath: expected one of metadata.name, metadata.namespace, spec.serviceAccount, status.address, got "spec.replicas"$/,
    },
    {
      spec: 'command: [x]\nhealthCheck: {}',
      problem: 'f:6:3: spec.healthCheck: expected exactly one of httpGet and tcpSocket',
    },
    {
      spec: 'command: [x]\nhealthCheck: {httpGet: {port: 1, path: x}}',
      problem: 'f:6:36: spec.healthCheck.httpGet.path: expected a path that starts with "/", got "x"',
    },
    {
      spec: 'command: [x]\nhealthCheck: {tcpSocket: {port: A_B}}',
      problem: /tcpSocket.port: expected a port from 1 to 65535, or the name/,
    },
    {
      spec: 'command: [x]\nrestartPolicy: Sometimes',
      problem: 'f:6:3: spec.restartPolicy: expected one of Always, OnFailure, Never, got "Sometimes"',
    },
    {
      spec: 'command: [x]\nserviceAccount: a.b',
      problem: /spec.serviceAccount: expected a name of lower-case letters, digits and "-", at most 63/,
    },
    { spec: 'command: [x]\nlocality: eu', problem: 'f:6:3: spec.locality: expected a map of fields, got "eu"' },
  ])('$spec', ({ spec, problem }) => {
    expect(problemsOf(workload(spec))).toEqual([problem instanceof RegExp ? expect.stringMatching(problem) : problem])
  })

  test('a name that leaves no room for the number of an instance', () => {
    expect(problemsOf(workload('command: [x]', 'w'.repeat(57)))).toEqual([])
    expect(problemsOf(workload('command: [x]', 'w'.repeat(58)))).toEqual([expect.stringContaining('at most 57')])
  })

  test('a secret is not shown, even where it is wrong', () => {
    const problems = problemsOf(workload('command: [x]\nenv: [{name: PASSWORD, value: 4711}]'))
    expect(problems).toEqual([expect.stringMatching(/spec.env\[0\].value: expected text .*, got a number/)])
    expect(problems.join()).not.toContain('4711')
  })

  test('labels that no selector could have', () => {
    const text = workload('command: [x]').replace('{app: web}', '{version: 1, a: "b c", "x y": z}')
    expect(problemsOf(text)).toEqual([
      expect.stringMatching(
        /^f:3:\d+: metadata.labels.version: expected a label value .* got 1 \(write it in quotes\)$/,
      ),
      expect.stringMatching(/^f:3:\d+: metadata.labels.a: expected a label value .* got "b c"$/),
      expect.stringMatching(/^f:3:\d+: metadata.labels\["x y"\]: expected a name such as app .* got "x y"$/),
    ])
  })
})

test('what starts a command has no effect on addresses, and that is said', () => {
  expect(problemsOf(workload('addresses: [10.0.0.7]\nreplicas: 2\nargs: [a]'))).toEqual([
    'f:6:3: warning: spec.replicas: has no effect: nothing is started for a Workload with addresses',
    'f:7:3: warning: spec.args: has no effect: nothing is started for a Workload with addresses',
  ])
})
