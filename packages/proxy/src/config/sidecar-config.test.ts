import { readFileSync } from 'node:fs'
import { ConfigError } from '@heddle/base/config-error'
import { describe, expect, test } from 'vitest'
import { renderEnvironmentReference } from './environment-reference.ts'
import { parseSidecarConfig } from './sidecar-config.ts'

const REQUIRED = {
  HEDDLE_NAMESPACE: 'emojivote',
  HEDDLE_WORKLOAD: 'voting',
  HEDDLE_INSTANCE: 'voting-0',
  HEDDLE_CONTROL_ADDRESS: 'localhost:9443',
  HEDDLE_TRUST_BUNDLE_FILE: '/run/heddle/trust.pem',
}

describe('parseSidecarConfig()', () => {
  test('fills in defaults', () => {
    expect(parseSidecarConfig(REQUIRED)).toMatchObject({
      mode: 'explicit',
      serviceAccount: 'default',
      trustDomain: 'heddle.local',
      controlAddress: { host: 'localhost', port: 9443 },
      joinTokenFile: undefined,
      ports: [],
      upstreams: [],
      adminAddress: { host: '127.0.0.1', port: 15000 },
      healthCheck: undefined,
      beforeDiscovery: 'refuse',
      drainMs: 5000,
      exitWithStdin: false,
      limits: {},
    })
  })

  test('reads ports, upstreams, labels, limits and the health check', () => {
    const config = parseSidecarConfig({
      ...REQUIRED,
      HEDDLE_PORTS: 'name=http,port=8080,app=127.0.0.1:18080,listen=127.0.0.1:0;port=9090,app=[::1]:9090',
      HEDDLE_UPSTREAMS: 'listen=127.0.0.1:0,key=name:voting-svc.emojivote:8080;listen=[::1]:7,key=address:[fd00::1]:80',
      HEDDLE_LABELS: 'app=voting,empty=',
      HEDDLE_LIMITS: 'connectMs=250,connections=10',
      HEDDLE_HEALTH_CHECK: '{"httpGet":{"path":"/ok","port":"http"},"periodSeconds":2}',
    })
    expect(config.ports).toEqual([
      { name: 'http', port: 8080, app: { host: '127.0.0.1', port: 18080 }, listen: { host: '127.0.0.1', port: 0 } },
      { name: '9090', port: 9090, app: { host: '::1', port: 9090 }, listen: undefined },
    ])
    expect(config.upstreams).toEqual([
      { listen: { host: '127.0.0.1', port: 0 }, key: 'name:voting-svc.emojivote:8080' },
      { listen: { host: '::1', port: 7 }, key: 'address:[fd00::1]:80' },
    ])
    expect(config.labels).toEqual({ app: 'voting', empty: '' })
    expect(config.limits).toEqual({ connectMs: 250, connections: 10 })
    expect(config.healthCheck).toEqual({
      probe: { kind: 'http', path: '/ok', port: 'http' },
      initialDelayMs: 0,
      periodMs: 2000,
      timeoutMs: 1000,
      failureThreshold: 3,
      successThreshold: 1,
    })
  })

  test('lists all problems at once', () => {
    const parse = () =>
      parseSidecarConfig({ ...REQUIRED, HEDDLE_NAMESPACE: '', HEDDLE_DRAIN_MS: '5s', HEDDLE_OUTBOUND_PORT: '70000' })
    expect(parse).toThrow(ConfigError)
    expect(parse).toThrow(
      expect.objectContaining({
        problems: [
          expect.stringContaining('HEDDLE_NAMESPACE is not set: expected a name'),
          'HEDDLE_OUTBOUND_PORT=70000: expected a whole number from 0 to 65535',
          'HEDDLE_DRAIN_MS=5s: expected a whole number from 0 to 600000',
        ],
      }),
    )
  })

  test.each([
    { name: 'HEDDLE_MODE', value: 'ambient', problem: 'expected one of transparent, explicit' },
    { name: 'HEDDLE_CONTROL_ADDRESS', value: 'localhost', problem: 'is not HOST:PORT' },
    { name: 'HEDDLE_CONTROL_ADDRESS', value: '[::1:80', problem: 'is not HOST:PORT' },
    { name: 'HEDDLE_CONTROL_IDENTITY', value: 'control', problem: 'expected a SPIFFE id' },
    { name: 'HEDDLE_ADMIN_ADDRESS', value: '0.0.0.0:15000', problem: 'for this host only' },
    { name: 'HEDDLE_PORTS', value: 'name=http', problem: 'port is missing' },
    { name: 'HEDDLE_PORTS', value: 'port=1,app=127.0.0.1:1;port=1,app=127.0.0.1:1', problem: 'port 1 is given twice' },
    { name: 'HEDDLE_PORTS', value: 'port=1,port=2', problem: 'port is given twice in one entry' },
    { name: 'HEDDLE_PORTS', value: 'port=0', problem: 'port=0' },
    { name: 'HEDDLE_PORTS', value: 'port=8080', problem: 'has no "app"' },
    { name: 'HEDDLE_PORTS', value: 'port=1,ap=1', problem: '"ap=1" is none of name, port, app, listen' },
    { name: 'HEDDLE_UPSTREAMS', value: 'listen=127.0.0.1:0,key=voting', problem: 'key=voting' },
    { name: 'HEDDLE_UPSTREAMS', value: 'key=name:a.b:1', problem: 'listen is missing' },
    { name: 'HEDDLE_LABELS', value: 'app', problem: '"app" is not NAME=VALUE' },
    { name: 'HEDDLE_LIMITS', value: 'connectSeconds=1', problem: 'there is no limit "connectSeconds"' },
    { name: 'HEDDLE_LIMITS', value: 'connectMs=0', problem: 'connectMs=0' },
    { name: 'HEDDLE_HEALTH_CHECK', value: '{', problem: 'not JSON' },
    { name: 'HEDDLE_HEALTH_CHECK', value: '{}', problem: 'neither httpGet nor tcpSocket' },
    { name: 'HEDDLE_HEALTH_CHECK', value: '{"tcpSocket":{"port":0}}', problem: 'neither a port number nor a name' },
    { name: 'HEDDLE_EXIT_WITH_STDIN', value: 'yes', problem: 'expected 0 or 1' },
    { name: 'HEDDLE_ADVERTISE_ADDRESSES', value: '10.0.0.1,host', problem: 'host is no IP address' },
  ])('refuses $name=$value', ({ name, value, problem }) => {
    expect(() => parseSidecarConfig({ ...REQUIRED, [name]: value })).toThrow(problem)
  })

  test('needs the own addresses in transparent mode, and no listeners', () => {
    const env = { ...REQUIRED, HEDDLE_MODE: 'transparent', HEDDLE_PORTS: 'port=8080,listen=127.0.0.1:0' }
    expect(() => parseSidecarConfig(env)).toThrow(/HEDDLE_ADVERTISE_ADDRESSES is not set[\s\S]*has "listen"/)
  })
})

test('docs/reference/proxy-environment.md is what the table says', () => {
  const page = readFileSync(new URL('../../../../docs/reference/proxy-environment.md', import.meta.url), 'utf8')
  expect(page, 'run `npm run gen`').toBe(renderEnvironmentReference())
})

describe('what proves the workload and the control plane', () => {
  const { HEDDLE_TRUST_BUNDLE_FILE: _, ...WITHOUT_BUNDLE } = REQUIRED
  const PEM = '-----BEGIN CERTIFICATE-----\nMIIB\n-----END CERTIFICATE-----\n'

  test('the trust bundle may be in the environment itself', () => {
    const config = parseSidecarConfig({ ...WITHOUT_BUNDLE, HEDDLE_TRUST_BUNDLE: PEM })
    expect(config).toMatchObject({ trustBundle: PEM, trustBundleFile: undefined })
  })

  test.each([
    { name: 'no trust bundle', env: WITHOUT_BUNDLE, problem: 'neither of them set' },
    { name: 'two trust bundles', env: { ...REQUIRED, HEDDLE_TRUST_BUNDLE: PEM }, problem: 'both of them set' },
    {
      name: 'a trust bundle that is none',
      env: { ...WITHOUT_BUNDLE, HEDDLE_TRUST_BUNDLE: 'x' },
      problem: 'expected certificates in PEM',
    },
    {
      name: 'two kinds of tokens',
      env: { ...REQUIRED, HEDDLE_JOIN_TOKEN_FILE: '/a', HEDDLE_SERVICE_ACCOUNT_TOKEN_FILE: '/b' },
      problem: 'only one of them can be set',
    },
    {
      name: 'a probe address without port',
      env: { ...REQUIRED, HEDDLE_PROBE_ADDRESS: '0.0.0.0' },
      problem: 'HEDDLE_PROBE_ADDRESS=0.0.0.0: expected `IP:PORT`',
    },
  ])('$name is refused', ({ env, problem }) => {
    expect(() => parseSidecarConfig(env)).toThrow(problem)
  })
})
