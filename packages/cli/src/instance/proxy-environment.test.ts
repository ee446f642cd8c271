import { expect, test } from 'vitest'
import { type ProxyEnvironmentInput, proxyEnvironment, proxyOverrides } from './proxy-environment.ts'

const INPUT: ProxyEnvironmentInput = {
  mode: 'explicit',
  identity: {
    namespace: 'emojivote',
    workload: 'web',
    instance: 'web-0',
    serviceAccount: 'web',
    labels: { app: 'web', tier: 'front' },
  },
  control: {
    trustDomain: 'heddle.local',
    address: '127.0.0.1:7000',
    trustBundleFile: '/run/trust-bundle.pem',
    joinTokenFile: '/run/token',
  },
  ports: [{ name: 'http', port: 8080, app: '127.0.0.1:21234' }],
  upstreams: [{ key: 'name:voting-svc.emojivote:8080', listen: '127.0.0.1:40101' }],
  advertised: [],
  overrides: { HEDDLE_LOG_LEVEL: 'debug' },
}

test('proxyEnvironment() has listeners for ports and upstreams in explicit mode', () => {
  expect(proxyEnvironment(INPUT)).toMatchObject({
    HEDDLE_MODE: 'explicit',
    HEDDLE_LABELS: 'app=web,tier=front',
    HEDDLE_PORTS: 'name=http,port=8080,app=127.0.0.1:21234,listen=127.0.0.1:0',
    HEDDLE_UPSTREAMS: 'listen=127.0.0.1:40101,key=name:voting-svc.emojivote:8080',
    HEDDLE_ADMIN_ADDRESS: '127.0.0.1:0',
    HEDDLE_EXIT_WITH_STDIN: '1',
    HEDDLE_LOG_LEVEL: 'debug',
  })
})

test('proxyEnvironment() has addresses in place of listeners in transparent mode', () => {
  const ports = [{ name: 'http', port: 8080 }]
  expect(
    proxyEnvironment({ ...INPUT, mode: 'transparent', ports, advertised: ['10.199.0.2', 'fd00::2'] }),
  ).toMatchObject({
    HEDDLE_PORTS: 'name=http,port=8080',
    HEDDLE_UPSTREAMS: '',
    HEDDLE_ADVERTISE_ADDRESSES: '10.199.0.2,fd00::2',
    HEDDLE_ADMIN_ADDRESS: '',
  })
})

test('proxyOverrides() passes on what holds for all proxies, and no secret', () => {
  const env = {
    HEDDLE_LOG_LEVEL: 'warn',
    HEDDLE_DRAIN_MS: '1',
    HEDDLE_JOIN_TOKEN: 's',
    HEDDLE_HOME: '/h',
    PATH: '/bin',
  }
  expect(proxyOverrides(env)).toEqual({ HEDDLE_LOG_LEVEL: 'warn', HEDDLE_DRAIN_MS: '1' })
})
