import { ConfigError } from '@heddle/base/config-error'
import { describe, expect, test } from 'vitest'
import { parseControlConfig } from './control-config.ts'

const REQUIRED = ['--config', 'mesh', '--state=state']

describe('parseControlConfig()', () => {
  test('has a default for all but the two directories', () => {
    expect(parseControlConfig(REQUIRED)).toEqual({
      configDir: 'mesh',
      kubernetes: undefined,
      stateDir: 'state',
      listen: [{ host: '127.0.0.1', port: 0 }],
      trustDomain: 'heddle.local',
      leafLifeMs: 86_400_000,
      admin: undefined,
      exitWithStdin: false,
      logLevel: 'info',
    })
  })

  test('reads every flag, those of addresses more than once', () => {
    const args = '--listen 127.0.0.1:15010 --listen [::1]:0 --trust-domain shop.example --leaf-life 1h --admin 15014'
    const config = parseControlConfig([...REQUIRED, ...args.split(' '), '--exit-with-stdin', '--log-level=debug'])
    expect(config).toMatchObject({
      listen: [
        { host: '127.0.0.1', port: 15010 },
        { host: '::1', port: 0 },
      ],
      trustDomain: 'shop.example',
      leafLifeMs: 3_600_000,
      admin: { host: '127.0.0.1', port: 15014 },
      exitWithStdin: true,
      logLevel: 'debug',
    })
  })

  test('names all problems at once', () => {
    const args = '--listen localhost:1 --leaf-life 1s --admin 0.0.0.0:1 --log-level loud --frob 1 --trust-domain A --x'
    const parse = () => parseControlConfig(['serve', ...args.split(' '), '--exit-with-stdin=no', '--state'])
    expect(parse).toThrow(ConfigError)
    const { problems } = catchError(parse) as ConfigError
    const flags = ['serve', 'config', 'state', 'listen', 'trust-domain', 'leaf-life', 'admin', 'exit-with-stdin']
    for (const flag of [...flags, 'log-level', 'frob', 'x']) {
      expect(problems.join('\n')).toMatch(new RegExp(`^(--)?${flag}\\b`, 'm'))
    }
  })

  test('serves a cluster in place of a directory, and listens on the addresses of its pod', () => {
    const args = '--kubernetes --state s --listen 0.0.0.0:15010 --webhook-listen [::]:15017 --admin 0.0.0.0:15014'
    expect(parseControlConfig([...args.split(' '), '--namespace', 'mesh', '--replica=a'])).toMatchObject({
      configDir: '',
      kubernetes: {
        kubeconfig: undefined,
        context: undefined,
        namespace: 'mesh',
        replica: 'a',
        webhookListen: { host: '::', port: 15017 },
      },
      listen: [{ host: '0.0.0.0', port: 15010 }],
      admin: { host: '0.0.0.0', port: 15014 },
    })
  })

  test.each([
    { args: '--kubernetes --config mesh', problem: '--config: with --kubernetes there is no directory' },
    { args: '--config mesh --kubeconfig f', problem: '--kubeconfig: only with --kubernetes' },
    { args: '--config mesh --namespace heddle', problem: '--namespace: only with --kubernetes' },
    { args: '--config mesh --admin 0.0.0.0:1', problem: '--admin=0.0.0.0:1: expected an address of the loopback' },
    { args: '--kubernetes --namespace A.b', problem: '--namespace=A.b: expected lower-case letters' },
    { args: '--kubernetes --webhook-listen 15017', problem: '--webhook-listen=15017: expected IP:PORT' },
  ])('refuses $args', ({ args, problem }) => {
    expect(() => parseControlConfig(['--state', 's', ...args.split(' ')])).toThrow(problem)
  })

  test('refuses a flag of one value that is given twice', () => {
    expect(() => parseControlConfig([...REQUIRED, '--state', 'other'])).toThrow('--state: given more than once')
  })
})

function catchError(fail: () => unknown): unknown {
  try {
    fail()
  } catch (error) {
    return error
  }
  return undefined
}
