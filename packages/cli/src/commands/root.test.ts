import type { MessageInitShape } from '@bufbuild/protobuf'
import { Code, ConnectError } from '@connectrpc/connect'
import { RootAction, RootRole, type RootStatusSchema, RootStep } from '@heddle/api/admin'
import { ManualClock } from '@heddle/testkit/manual-clock'
import { expect, test } from 'vitest'
import { runCommand } from '../../test/command-world.ts'
import { identity } from './identity.ts'
import { root } from './root.ts'

type Status = MessageInitShape<typeof RootStatusSchema>

const NOW_MS = Date.UTC(2026, 0, 1)
const HOUR_MS = 3_600_000
const DAY_MS = 24 * HOUR_MS

const trustedRoot = (role: RootRole, days: number, brought = false) => ({
  role,
  fingerprint: `AB:${days}`,
  notBeforeMs: BigInt(NOW_MS - DAY_MS),
  notAfterMs: BigInt(NOW_MS + days * DAY_MS),
  brought,
})
const STEADY: Status = {
  step: RootStep.STEADY,
  roots: [trustedRoot(RootRole.PRESENT, 100)],
  changesFromMs: BigInt(NOW_MS + 10 * DAY_MS),
}
const PREPARED: Status = {
  step: RootStep.PREPARED,
  roots: [trustedRoot(RootRole.PRESENT, 89), trustedRoot(RootRole.NEXT, 3650, true)],
  sinceMs: BigInt(NOW_MS - HOUR_MS),
  remainingMs: BigInt(24 * HOUR_MS),
}
const ACTIVATED: Status = {
  step: RootStep.ACTIVATED,
  roots: [trustedRoot(RootRole.FORMER, 88), trustedRoot(RootRole.PRESENT, 3649)],
  sinceMs: BigInt(NOW_MS - HOUR_MS),
  remainingMs: 0n,
}

function world(status: Status | undefined) {
  const asked: RootAction[] = []
  return {
    asked,
    clock: new ManualClock(NOW_MS),
    admin: {
      getHealth: () => (status === undefined ? {} : { root: status }),
      changeRoot: ({ action }: { readonly action: RootAction }) => {
        asked.push(action)
        return { root: PREPARED }
      },
      listWorkloads: () => ({ instances: [{ namespace: 'default', workload: 'web', instance: 'web-0' }] }),
    },
  }
}

test('root status shows the roots that are trusted, and what comes next', async () => {
  expect(await runCommand(root, ['root', 'status'], world(PREPARED))).toEqual({
    status: 0,
    stdout: [
      'ROOT      NOT_AFTER              REMAINING   MADE_BY\n',
      'present   2026-03-31T00:00:00Z         89d   heddle\n',
      'next      2035-12-30T00:00:00Z       3650d   you\n',
    ].join(''),
    stderr: 'the next root is prepared since 2025-12-31T23:00:00Z, and signs in 1d at the earliest\n',
  })
})

test.each([
  {
    name: 'is activated',
    status: ACTIVATED,
    says: 'the new root signs since 2025-12-31T23:00:00Z, and the former one is retired shortly\n',
  },
  { name: 'rests', status: STEADY, says: 'no change is under way; one begins by itself at 2026-01-11T00:00:00Z\n' },
  {
    name: 'was brought',
    status: { step: RootStep.STEADY, roots: [trustedRoot(RootRole.PRESENT, 100, true)] },
    says: 'no change is under way; the root was brought, and is not changed by itself\n',
  },
  {
    name: 'has something beside it that cannot be used',
    status: { ...STEADY, problem: 'next-root.pem: damaged' },
    says: 'no change is under way; one begins by itself at 2026-01-11T00:00:00Z\nnext-root.pem: damaged\n',
  },
])('root status says so of a root that $name', async ({ status, says }) => {
  expect((await runCommand(root, ['root', 'status'], world(status))).stderr).toBe(says)
})

test('root status -o json has stable keys', async () => {
  const { stdout } = await runCommand(root, ['root', 'status', '-o', 'json'], world(PREPARED))
  expect(JSON.parse(stdout)).toEqual({
    step: 'prepared',
    since: '2025-12-31T23:00:00Z',
    next_step_in_seconds: 86_400,
    changes_from: null,
    problem: '',
    roots: [
      {
        role: 'present',
        not_before: '2025-12-31T00:00:00Z',
        not_after: '2026-03-31T00:00:00Z',
        remaining_seconds: 89 * 86_400,
        made_by: 'heddle',
        sha256: 'AB:89',
      },
      expect.objectContaining({ role: 'next', made_by: 'you', sha256: 'AB:3650' }),
    ],
  })
})

test.each([
  { args: ['rotate'], action: RootAction.ROTATE },
  { args: ['activate', '--now'], action: RootAction.ACTIVATE },
  { args: ['retire', '--now'], action: RootAction.RETIRE },
])('root $args takes that step and says what comes next', async ({ args, action }) => {
  const { asked, ...around } = world(STEADY)
  const ran = await runCommand(root, ['root', ...args], around)
  expect(ran).toEqual({
    status: 0,
    stdout: '',
    stderr: 'the next root is prepared since 2025-12-31T23:00:00Z, and signs in 1d at the earliest\n',
  })
  expect(asked).toEqual([action])
})

test.each([
  { name: 'activate', risk: 'refuse' },
  { name: 'retire', risk: 'requests fail' },
])('root $name asks nothing of the mesh without --now, and says what it would risk', async ({ name, risk }) => {
  const { asked, ...around } = world(PREPARED)
  const { status, stderr } = await runCommand(root, ['root', name], around)
  expect(status).toBe(1)
  expect(stderr).toContain(`heddle root ${name} needs --now`)
  expect(stderr).toContain(risk)
  expect(asked).toEqual([])
})

test('root says why a step cannot be taken, and that an older control plane has none', async () => {
  const changeRoot = () => {
    throw new ConnectError('no change of the root is under way', Code.FailedPrecondition)
  }
  const refused = await runCommand(root, ['root', 'retire', '--now'], { admin: { changeRoot } })
  expect(refused).toMatchObject({ status: 1, stderr: expect.stringContaining('no change of the root is under way') })
  const older = await runCommand(root, ['root', 'status'], world(undefined))
  expect(older).toMatchObject({
    status: 1,
    stderr: expect.stringContaining('of a version that cannot change its root'),
  })
})

test('identity tells of a change that is under way, and only then', async () => {
  const during = await runCommand(identity, ['identity'], world(ACTIVATED))
  expect(during.stderr).toContain('the new root signs since 2025-12-31T23:00:00Z')
  const before = await runCommand(identity, ['identity'], world(STEADY))
  expect(before).toMatchObject({ status: 0, stderr: '' })
})
