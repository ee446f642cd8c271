import { describe, expect, test } from 'vitest'
import { documents, problemsOf, service, workload } from './manifest-fixture.ts'
import { parseManifests } from './parse-manifests.ts'
import { formatProblem } from './problem.ts'

const WEB = workload('command: [x]\nports: [{name: http, port: 8080}]')
const WEB_SERVICE = service('selector: {app: web}\nports: [{name: http, port: 80, targetPort: http}]')

test('two objects of one name are refused, naming both places', () => {
  const { problems } = parseManifests([
    { path: 'a.yaml', text: documents(WEB_SERVICE, WEB) },
    { path: 'b.yaml', text: WEB },
  ])
  expect(problems.map(formatProblem)).toEqual([
    'b.yaml:3:12: metadata.name: Workload shop/web is defined at a.yaml:8 already',
  ])
})

test('objects of different kinds or namespaces may have one name', () => {
  const other = WEB.replace('namespace: shop', 'namespace: other')
  const account = 'apiVersion: v1\nkind: ServiceAccount\nmetadata: {name: web, namespace: shop}'
  expect(problemsOf(documents(WEB, other, account))).toEqual([])
})

describe('one address has one owner:', () => {
  const [a, b] = ['a-svc', 'b-svc']
  const addressed = (name: string, address: string) => {
    return service(`selector: {app: web}\nclusterIP: ${address}\nports: [{port: 8080}]`, name)
  }

  test('two Services claiming one address, whatever its spelling, are refused, naming both with file and line', () => {
    const { problems } = parseManifests([
      { path: 'a.yaml', text: documents(addressed(a, '"fd00::9"'), WEB) },
      { path: 'b.yaml', text: addressed(b, '"FD00:0::9"') },
    ])
    expect(problems.map(formatProblem)).toEqual([
      'b.yaml:6:3: spec.clusterIP: the address FD00:0::9 is claimed by Service shop/a-svc at a.yaml:6 already',
    ])
  })

  test('two headless Services claim nothing', () => {
    expect(problemsOf(documents(addressed(a, 'None'), addressed(b, 'None'), WEB))).toEqual([])
  })

  test('two Workloads at one address and port', () => {
    const at = (name: string, port: number) =>
      workload(`addresses: [10.0.0.7]\nports: [{name: p, port: ${port}}]`, name)
    expect(problemsOf(documents(at('one', 1), at('two', 2)))).toEqual([])
    expect(problemsOf(documents(at('one', 1), at('two', 1)))).toEqual([
      'f:12:15: spec.addresses[0]: the address 10.0.0.7 with port 1 is claimed by Workload shop/one at f:5 already',
    ])
  })

  test('a Workload at the address of a Service', () => {
    const text = documents(addressed(a, '10.96.0.9'), WEB, workload('addresses: [10.96.0.9]', 'db'))
    expect(problemsOf(text)).toEqual([
      'f:20:15: spec.addresses[0]: the address 10.96.0.9 is claimed by Service shop/a-svc at f:6 already',
    ])
  })

  test('one Workload with an address twice', () => {
    expect(problemsOf(workload('addresses: [10.0.0.7, 10.0.0.7]'))).toEqual([
      'f:5:25: spec.addresses[1]: the address 10.0.0.7 is claimed by the same object already',
    ])
  })
})

describe('a Service leads somewhere:', () => {
  test.each([
    {
      name: 'it selects nothing',
      spec: 'selector: {app: wep}\nports: [{port: 80}]',
      problem: /^f:5:3: warning: spec.selector: selects no Workload of these files/,
    },
    { name: 'it has no selector', spec: 'ports: [{port: 80}]', problem: /^f:4:1: warning: spec: there is no selector/ },
    {
      name: 'an ExternalName',
      spec: 'type: ExternalName\nexternalName: example.org',
      problem: /^f:5:3: warning: spec.type: ExternalName has no effect/,
    },
    {
      name: 'nobody has the port of its name',
      spec: 'selector: {app: web}\nports: [{port: 80, targetPort: htpp}]',
      problem: 'f:6:22: spec.ports[0].targetPort: Workload web has no port named htpp (it has http (8080))',
    },
    {
      name: 'nobody has the port of its number',
      spec: 'selector: {app: web}\nports: [{port: 80}]',
      problem:
        'f:6:11: warning: spec.ports[0].targetPort: Workload web has no port 80, so this port does not lead there (it has http (8080))',
    },
  ])('$name', ({ spec, problem }) => {
    const expected = problem instanceof RegExp ? expect.stringMatching(problem) : problem
    expect(problemsOf(documents(service(spec), WEB))).toEqual([expected])
  })

  test.each([
    { what: 'was refused', broken: workload('comand: [x]') },
    { what: 'has labels that cannot be read', broken: workload('command: [x]').replace('{app: web}', '5') },
    { what: 'has its kind misspelt', broken: workload('command: [x]').replace('kind: Workload', 'kind: Workloads') },
    { what: 'is no YAML', broken: 'kind: [Workload' },
  ])('nothing is said about its selector when the Workload $what', ({ broken }) => {
    const found = problemsOf(documents(service('selector: {app: web}\nports: [{port: 80}]'), broken))
    expect(found).not.toEqual([])
    expect(found.filter((problem) => problem.includes('selector'))).toEqual([])
  })

  test('an object with errors that it would not select hides nothing', () => {
    const spec = 'selector: {app: web}\nports: [{port: 80}]'
    const others = [workload('comand: [x]', 'db'), workload('comand: [x]').replace('shop', 'other')]
    for (const other of others) {
      expect(problemsOf(documents(service(spec), other))).toContainEqual(expect.stringContaining('selects no Workload'))
    }
  })

  test('a port that only a Workload with errors may have is no error yet', () => {
    const broken = workload('comand: [x]', 'web2').replace('app: web2', 'app: web')
    const text = documents(service('selector: {app: web}\nports: [{port: 80, targetPort: grpc}]'), WEB, broken)
    const [first] = problemsOf(text)
    expect(first).toMatch(/^f:6:22: warning: spec.ports\[0\].targetPort: Workload web has no port named grpc/)
  })

  test('a Workload without the named port beside one that has it', () => {
    const other = workload('command: [x]', 'web2').replace('app: web2', 'app: web')
    expect(problemsOf(documents(WEB_SERVICE, WEB, other))).toEqual([
      'f:6:34: warning: spec.ports[0].targetPort: Workload web2 has no port named http, so this port does not lead there (it declares no ports)',
    ])
  })

  test('a Workload at addresses that declares no ports has every number', () => {
    expect(
      problemsOf(
        documents(service('selector: {app: db}\nports: [{port: 5432}]'), workload('addresses: [10.0.0.7]', 'db')),
      ),
    ).toEqual([])
  })
})

describe('what a Workload refers to is there:', () => {
  const bot = (ref: string) =>
    documents(WEB_SERVICE, WEB, workload(`command: [x]\nenv: [{name: A, valueFrom: ${ref}}]`, 'bot'))

  test.each([
    { ref: '{serviceRef: {name: web-svc, port: 80}}', problems: [] },
    { ref: '{serviceRef: {name: web-svc, port: http}}', problems: [] },
    { ref: '{serviceRef: {name: web, port: 80}}', problems: ['serviceRef.name: there is no Service shop/web'] },
    {
      ref: '{serviceRef: {name: wbe-svc, port: 80}}',
      problems: ['serviceRef.name: there is no Service shop/wbe-svc (did you mean web-svc?)'],
    },
    {
      ref: '{serviceRef: {name: web-svc, namespace: other, port: 80}}',
      problems: ['serviceRef.name: there is no Service other/web-svc'],
    },
    {
      ref: '{serviceRef: {name: web-svc, port: 81}}',
      problems: ['serviceRef.port: Service shop/web-svc has no TCP port 81 (it has 80 (http))'],
    },
    {
      ref: '{serviceRef: {name: web-svc, port: grpc}}',
      problems: ['serviceRef.port: Service shop/web-svc has no TCP port grpc (it has 80 (http))'],
    },
    {
      ref: '{portRef: {name: http}}',
      problems: ['portRef.name: there is no port named http in spec.ports (it is empty)'],
    },
  ])('$ref', ({ ref, problems }) => {
    expect(problemsOf(bot(ref))).toEqual(
      problems.map((problem) => expect.stringContaining(`env[0].valueFrom.${problem}`)),
    )
  })

  test('a Service with errors of its own is not said to be missing', () => {
    const broken = WEB_SERVICE.replace('port: 80', 'port: 0')
    const text = bot('{serviceRef: {name: web-svc, port: 80}}').replace(WEB_SERVICE, broken)
    expect(problemsOf(text)).toEqual([
      expect.stringContaining('spec.ports[0].port: expected a port from 1 to 65535, got 0'),
    ])
  })

  test('the port of a health check', () => {
    expect(
      problemsOf(workload('command: [x]\nports: [{name: a, port: 1}]\nhealthCheck: {httpGet: {port: b}}')),
    ).toEqual(['f:7:27: spec.healthCheck.httpGet.port: there is no port named b in spec.ports (it has a)'])
  })

  test('a ServiceAccount without an object is worth a warning', () => {
    expect(problemsOf(workload('command: [x]\nserviceAccount: web'))).toEqual([
      expect.stringContaining('warning: spec.serviceAccount: there is no ServiceAccount shop/web in these files'),
    ])
  })
})
