import { Code } from '@connectrpc/connect'
import { ManualClock } from '@heddle/testkit/manual-clock'
import { describe, expect, test } from 'vitest'
import { InstanceClaims } from './instance-claims.ts'

const CLAIM = { namespace: 'shop', instance: 'web-0', workload: 'web', serviceAccount: 'web' }

describe('InstanceClaims', () => {
  test.each([
    { name: 'who registered it', change: {}, caller: {}, code: undefined },
    { name: 'another account', change: {}, caller: { serviceAccount: 'cart' }, code: Code.PermissionDenied },
    { name: 'another namespace', change: {}, caller: { namespace: 'other' }, code: Code.PermissionDenied },
    { name: 'another workload', change: { workload: 'cart' }, caller: {}, code: Code.PermissionDenied },
    { name: 'an unknown instance', change: { instance: 'web-1' }, caller: {}, code: Code.FailedPrecondition },
  ])('answers a report for $name', ({ change, caller, code }) => {
    const claims = new InstanceClaims(new ManualClock())
    claims.assert(CLAIM)
    const report = () => claims.require({ ...CLAIM, ...change }, { ...CLAIM, ...caller })
    if (code === undefined) expect(report).not.toThrow()
    else expect(report).toThrow(expect.objectContaining({ code }))
  })

  test('remembers who reports, and forgets who has not for ten minutes', () => {
    const clock = new ManualClock()
    const claims = new InstanceClaims(clock)
    const idle = { ...CLAIM, instance: 'idle' }
    claims.assert(idle)
    claims.assert(CLAIM)
    for (let minute = 0; minute < 12; minute++) {
      clock.advance(60_000)
      claims.require(CLAIM, CLAIM)
    }
    claims.assert({ ...CLAIM, instance: 'web-2' })
    expect(() => claims.require(CLAIM, CLAIM)).not.toThrow()
    expect(() => claims.require(idle, CLAIM)).toThrow(expect.objectContaining({ code: Code.FailedPrecondition }))
  })

  test('forgets nobody when the clock on the wall is set', () => {
    const clock = new ManualClock()
    const claims = new InstanceClaims(clock)
    claims.assert(CLAIM)
    clock.setWall(3_600_000)
    claims.assert({ ...CLAIM, instance: 'web-1' })
    expect(() => claims.require(CLAIM, CLAIM)).not.toThrow()
  })
})
