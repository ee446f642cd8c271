import type { MessageInitShape } from '@bufbuild/protobuf'
import type { ListEndpointsRequest, ServiceEndpointSchema } from '@heddle/api/admin'
import { describe, expect, test } from 'vitest'
import { type CommandWorld, runCommand } from '../../test/command-world.ts'
import { CliError } from '../cli-error.ts'
import { endpoints, parseAuthority } from './endpoints.ts'

const READY: MessageInitShape<typeof ServiceEndpointSchema> = {
  namespace: 'emojivote',
  service: 'voting-svc',
  servicePort: 8080,
  ready: true,
  host: 'node-1',
  endpoint: {
    address: '10.0.0.7',
    port: 8080,
    instance: 'voting-0',
    identity: 'spiffe://heddle.local/ns/emojivote/sa/voting',
    weight: 1,
    locality: { region: 'north', zone: 'north-1' },
  },
}
const UNREADY: MessageInitShape<typeof ServiceEndpointSchema> = {
  ...READY,
  ready: false,
  reason: 'connection refused',
  endpoint: { address: 'fd00::8', port: 8080, instance: 'voting-1' },
}

function answering(rows: readonly MessageInitShape<typeof ServiceEndpointSchema>[]) {
  const asked: ListEndpointsRequest[] = []
  const world: CommandWorld = {
    admin: {
      listEndpoints: (request) => {
        asked.push(request)
        return { endpoints: [...rows] }
      },
    },
  }
  return { world, asked }
}

test('endpoints shows addresses, readiness with its reason, and identities', async () => {
  const { world, asked } = answering([READY, UNREADY])
  const { status, stdout } = await runCommand(endpoints, ['endpoints', '-n', 'emojivote'], world)
  expect(status).toBe(0)
  expect(asked).toMatchObject([{ namespace: 'emojivote', service: '', port: 0 }])
  expect(stdout).toBe(
    [
      'NAMESPACE   IP         PORT   POD        SERVICE                     READY                    IDENTITY\n',
      'emojivote   10.0.0.7   8080   voting-0   voting-svc.emojivote:8080   yes                      spiffe://heddle.local/ns/emojivote/sa/voting\n',
      'emojivote   fd00::8    8080   voting-1   voting-svc.emojivote:8080   no: connection refused   -\n',
    ].join(''),
  )
})

test('endpoints -o json has stable keys', async () => {
  const { world } = answering([READY])
  const { stdout } = await runCommand(endpoints, ['endpoints', 'voting-svc.emojivote:8080', '-o', 'json'], world)
  expect(JSON.parse(stdout)).toEqual([
    {
      namespace: 'emojivote',
      ip: '10.0.0.7',
      port: 8080,
      pod: 'voting-0',
      service: 'voting-svc',
      service_port: 8080,
      ready: true,
      reason: '',
      identity: 'spiffe://heddle.local/ns/emojivote/sa/voting',
      weight: 1,
      region: 'north',
      zone: 'north-1',
      node: 'node-1',
    },
  ])
})

test.each([
  { service: 'nope', says: 'no service "nope" in namespace "shop"\n  see "heddle get svc -A"' },
  { service: 'web:81', says: 'service "web" has no port 81\n  it has 80\n' },
  {
    service: 'web',
    says: 'service "web" has no endpoints\n  its selector matches nothing that runs, or its targetPort',
  },
])('endpoints of $service, which has none, fails with the reason', async ({ service, says }) => {
  const world = answering([]).world
  const listServices = () => ({ services: [{ namespace: 'shop', name: 'web', ports: [80] }] })
  const one = await runCommand(endpoints, ['endpoints', service, '-n', 'shop'], {
    admin: { ...world.admin, listServices },
  })
  expect(one).toMatchObject({ status: 1, stdout: '' })
  expect(one.stderr).toContain(says)
})

test.each(['svc/voting-svc:8080', 'service/voting-svc.emojivote:8080', 'services/voting-svc:8080'])(
  'endpoints %s is understood by whoever is used to kubectl',
  async (word) => {
    const { world, asked } = answering([READY])
    expect(await runCommand(endpoints, ['endpoints', word, '-n', 'emojivote'], world)).toMatchObject({ status: 0 })
    expect(asked).toMatchObject([{ namespace: 'emojivote', service: 'voting-svc', port: 8080 }])
  },
)

test('endpoints of all Services may be none', async () => {
  const { world } = answering([])
  expect(await runCommand(endpoints, ['endpoints'], world)).toMatchObject({ status: 0, stdout: '' })
})

describe('parseAuthority()', () => {
  test.each([
    { text: '', authority: { namespace: 'here', service: '', port: 0 } },
    { text: 'web-svc', authority: { namespace: 'here', service: 'web-svc', port: 0 } },
    { text: 'web-svc:80', authority: { namespace: 'here', service: 'web-svc', port: 80 } },
    { text: 'web-svc.shop', authority: { namespace: 'shop', service: 'web-svc', port: 0 } },
    { text: 'web-svc.shop:80', authority: { namespace: 'shop', service: 'web-svc', port: 80 } },
    { text: 'web-svc.shop.svc.cluster.local:80', authority: { namespace: 'shop', service: 'web-svc', port: 80 } },
  ])('reads "$text"', ({ text, authority }) => {
    expect(parseAuthority(text, 'here')).toEqual(authority)
  })

  test.each(['web:', 'web:http', 'a.b.c', 'Web', ':80'])('refuses %j', (text) => {
    expect(() => parseAuthority(text, 'here')).toThrow(CliError)
  })
})
