import { spawnSync } from 'node:child_process'
import { closeSync, mkdirSync, mkdtempSync, openSync, rmSync, symlinkSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join, resolve } from 'node:path'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { CLIENT_VERSION } from './commands/client-version.ts'

const HEDDLE = resolve(import.meta.dirname, '../../../bin/heddle')

let directory: string
beforeAll(() => {
  directory = mkdtempSync(join(tmpdir(), 'heddle cli '))
  mkdirSync(join(directory, 'bad'))
  writeFileSync(
    join(directory, 'bad', 'a.yaml'),
    'apiVersion: v1\nkind: Service\nmetadata:\n  name: x\nspec:\n  prots: []\n',
  )
  mkdirSync(join(directory, 'unknown-command'))
  writeFileSync(
    join(directory, 'unknown-command', 'a.yaml'),
    'apiVersion: heddle.dev/v1alpha1\nkind: Workload\nmetadata:\n  name: x\nspec:\n  command: [no-such-program-here]\n',
  )
})
afterAll(() => rmSync(directory, { recursive: true, force: true }))

function heddle(args: readonly string[], launcher = HEDDLE) {
  const env = { ...process.env, HEDDLE_HOME: join(directory, 'home'), NO_COLOR: '1' }
  const { status, stdout, stderr } = spawnSync(launcher, args, {
    cwd: directory,
    env,
    encoding: 'utf8',
    timeout: 30_000,
  })
  return { status, stdout, stderr }
}

describe('heddle', () => {
  test('shows its help on stdout, with and without asking', () => {
    expect(heddle([])).toMatchObject({ status: 0, stderr: '', stdout: expect.stringContaining('Usage: heddle') })
    expect(heddle(['--help'])).toMatchObject({
      status: 0,
      stderr: '',
      stdout: expect.stringContaining('Usage: heddle'),
    })
  })

  test('says its version as other programs do', () => {
    expect(heddle(['--version'])).toEqual({ status: 0, stderr: '', stdout: `${CLIENT_VERSION}\n` })
  })

  test('runs through a symbolic link from a path with spaces', () => {
    const link = join(directory, 'link to heddle')
    symlinkSync(HEDDLE, link)
    expect(heddle(['--help'], link)).toMatchObject({ status: 0, stderr: '' })
  })

  test('says that its result could not be written', () => {
    const full = openSync('/dev/full', 'w')
    const { status, stderr } = spawnSync(HEDDLE, ['completion', 'bash'], {
      stdio: ['ignore', full, 'pipe'],
      encoding: 'utf8',
    })
    closeSync(full)
    expect({ status, stderr }).toEqual({ status: 1, stderr: expect.stringMatching(/^error: stdout: .*ENOSPC.*\n$/) })
  })

  test('tells what is wrong in the file of a static proxy under the name that the user gave it', () => {
    writeFileSync(join(directory, 'proxy.yaml'), 'listeners: []\ndestinations: []\nlimits: {connection: 5}\n')
    const { status, stderr } = heddle(['proxy', '--static', 'proxy.yaml'])
    const reason = 'limits.connection: there is no such limit; see docs/reference/limits.md'
    expect(stderr).toBe(`${join(directory, 'proxy.yaml')} cannot be used:\n  - ${reason}\n`)
    expect(status).toBe(2)
  })

  test.each<{ args: string[]; status: number; message: RegExp }>([
    { args: ['upp'], status: 1, message: /unknown command 'upp'[\s\S]*Did you mean up\?/ },
    {
      args: ['tap'],
      status: 1,
      message: /unknown command 'tap'\n\(Here it is heddle why --last-failures\)\nsee "heddle --help"/,
    },
    {
      args: ['rollout', 'strat', 'web'],
      status: 1,
      message: /unknown command 'strat'\n\(heddle rollout has start, status and abort\)\nsee "heddle rollout --help"/,
    },
    { args: ['root', 'statsu', '-o', 'json'], status: 1, message: /^error: unknown command 'statsu'/ },
    { args: ['root', '--now'], status: 1, message: /^error: unknown option '--now'\nsee "heddle root --help"/ },
    { args: ['root', 'retire', 'web', '--now'], status: 1, message: /too many arguments for 'retire'/ },
    { args: ['token', 'list'], status: 1, message: /unknown command 'list'\n\(heddle token has create\)\nsee/ },
    { args: ['help', 'nix'], status: 1, message: /^error: unknown command 'nix'\nsee "heddle --help"\n$/ },
    { args: ['constructor'], status: 1, message: /unknown command 'constructor'\nsee/ },
    { args: ['up'], status: 1, message: /missing required argument 'directory'\n\(directory: .+\)\nsee/ },
    {
      args: ['get'],
      status: 1,
      message: /missing required argument 'kind'\n\(kind: .*httproute.*\)\nsee "heddle get --help"/,
    },
    { args: ['up', '.', '--mode', 'magic'], status: 1, message: /Allowed choices are auto, transparent, explicit/ },
    { args: ['up', '.', '--for', 'soon'], status: 1, message: /Expected a duration like 30s/ },
    { args: ['up', '.', '--name', 'Not A Name'], status: 1, message: /mesh name "Not A Name": expected/ },
    { args: ['up', '.', '--colour'], status: 1, message: /unknown option '--colour'/ },
    { args: ['up', 'nowhere'], status: 1, message: /nowhere does not exist/ },
    { args: ['up', 'bad'], status: 1, message: /a\.yaml:6:\d+: spec\.prots: / },
    {
      args: ['up', 'unknown-command'],
      status: 1,
      message: /Workload default\/x: the command "no-such-program-here" was not found/,
    },
    { args: ['run', '--port', 'port=0', '--', 'true'], status: 1, message: /Expected a port from 1 to 65535/ },
    {
      args: ['run', '--', 'no-such-program-here'],
      status: 127,
      message: /cannot start no-such-program-here: not found/,
    },
    { args: ['run', '--', 'true'], status: 1, message: /no mesh runs here[\s\S]*heddle up/ },
    { args: ['run', '--control', 'host:1', '--', 'true'], status: 1, message: /--control needs --trust-bundle FILE/ },
    {
      args: ['run', '--control', 'host:1', '--trust-bundle', 'bad/a.yaml', '--', 'true'],
      status: 1,
      message: /bad\/a\.yaml holds no certificate: .*\n {2}--trust-bundle is the file trust-bundle\.pem/,
    },
  ])('$args says what is wrong on stderr, and how', ({ args, status, message }) => {
    const result = heddle(args)
    expect(result.stderr).toMatch(message)
    expect(result.stderr).not.toMatch(/at .*\.ts:/)
    expect(result).toMatchObject({ status, stdout: '' })
  })
})
