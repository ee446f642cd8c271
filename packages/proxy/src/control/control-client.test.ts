import { Code } from '@connectrpc/connect'
import { type Clock, systemClock } from '@heddle/base/clock'
import { createCsr } from '@heddle/identity/csr'
import { createWorkloadKey } from '@heddle/identity/key-pair'
import { ManualClock } from '@heddle/testkit/manual-clock'
import { createTestAuthority } from '@heddle/testkit/test-authority'
import { describe, expect, test } from 'vitest'
import {
  CONTROL_IDENTITY,
  type FakeControlPlane,
  refusal,
  startFakeControlPlane,
} from '../../test/fake-control-plane.ts'
import { until } from '../../test/until.ts'
import { createControlClient } from './control-client.ts'
import type { ControlCredentials } from './control-connection.ts'
import { REPORT, SIGN, WATCH } from './rpc.ts'

const WEB = 'spiffe://heddle.local/ns/emojivote/sa/web'

function client(plane: FakeControlPlane, credentials: () => ControlCredentials = plain(plane)) {
  return clientBy(systemClock, plane, credentials)
}

function clientBy(clock: Clock, plane: FakeControlPlane, credentials = plain(plane)) {
  return createControlClient({
    target: { address: { host: '127.0.0.1', port: plane.port }, spiffeId: CONTROL_IDENTITY },
    credentials,
    clock,
    timeoutMs: 20_000,
  })
}

describe('ControlClient', () => {
  test('makes calls one after another over one connection', async () => {
    await using plane = await startFakeControlPlane()
    const control = client(plane)
    for (let sequence = 1; sequence <= 3; sequence++) {
      await control.call(REPORT, {
        namespace: 'emojivote',
        sequence: `${sequence}`,
        series: [{ latency: [{ index: 3, count: '7' }] }],
      })
    }
    control.close()
    expect(plane.reports.map(({ sequence }) => sequence)).toEqual([1n, 2n, 3n])
    expect(plane.reports[0]!.series[0]!.latency[0]).toMatchObject({ index: 3, count: 7n })
    expect(plane.connections).toBe(1)
  })

  test('gets a certificate signed', async () => {
    await using plane = await startFakeControlPlane()
    const control = client(plane)
    const { privateKey } = await createWorkloadKey()
    const csr = createCsr(privateKey, WEB)
    const answer = await control.call(SIGN, { csr: Buffer.from(csr).toString('base64'), joinToken: 'token' })
    control.close()
    expect(answer.certificateChainPem).toContain('BEGIN CERTIFICATE')
    expect(answer.trustBundlePem).toBe(plane.authority.trustBundlePem)
    expect(plane.joinTokens).toEqual(['token'])
  })

  test('throws what the control plane said', async () => {
    await using plane = await startFakeControlPlane()
    plane.beforeCall = () => {
      throw refusal(Code.PermissionDenied, 'the token is for another namespace')
    }
    const control = client(plane)
    await expect(control.call(REPORT, {})).rejects.toMatchObject({
      name: 'ControlError',
      code: 'permission_denied',
      message: 'the token is for another namespace',
    })
    control.close()
  })

  test('uses a new connection when the server closed the kept one, and when credentials changed', async () => {
    const plane = await startFakeControlPlane()
    let credentials: ControlCredentials = { trustBundlePem: plane.authority.trustBundlePem }
    const control = client(plane, () => credentials)
    await control.call(REPORT, {})
    await plane.stop()
    await using again = await startFakeControlPlane({ authority: plane.authority, port: plane.port })
    await control.call(REPORT, {})
    const { privateKey, privateKeyPem } = await createWorkloadKey()
    const { certificateChainPem } = await plane.authority.sign(createCsr(privateKey, WEB))
    credentials = { ...credentials, certificateChainPem, privateKeyPem }
    await control.call(REPORT, {})
    control.close()
    expect(again.reports.length).toBe(2)
    expect(again.peers).toEqual(['', `URI:${WEB}`])
  })

  test('gives up when there is no answer in time', async () => {
    await using plane = await startFakeControlPlane()
    const asked = holdCalls(plane)
    const clock = new ManualClock(Date.now())
    const failure = failureOf(clientBy(clock, plane).call(REPORT, {}))
    await until(asked)
    clock.advance(20_000)
    expect(await failure).toMatchObject({ code: 'deadline_exceeded' })
  })

  test('says that nobody listens', async () => {
    const plane = await startFakeControlPlane()
    await plane.stop()
    await expect(client(plane).call(REPORT, {})).rejects.toMatchObject({ code: 'unreachable' })
  })

  test.each([
    { name: 'a workload of the same mesh', identity: WEB, code: 'untrusted' },
    {
      name: 'the control plane of another trust domain',
      identity: 'spiffe://other/ns/heddle/sa/control-plane',
      code: 'untrusted',
    },
  ])('says nothing to $name', async ({ identity, code }) => {
    await using plane = await startFakeControlPlane({ identity })
    await expect(client(plane).call(REPORT, {})).rejects.toMatchObject({ code })
    expect(plane.reports).toEqual([])
  })

  test('says nothing to a server of another authority', async () => {
    await using plane = await startFakeControlPlane()
    const other = await createTestAuthority(systemClock, 1000)
    const control = client(plane, () => ({ trustBundlePem: other.trustBundlePem }))
    await expect(control.call(REPORT, {})).rejects.toMatchObject({ code: 'unreachable' })
    expect(plane.reports).toEqual([])
  })

  test('hands on the messages of a stream, and its good end', async () => {
    await using plane = await startFakeControlPlane()
    plane.onStream = (stream) => {
      stream.send({ streamId: 's', sequence: 1n })
      stream.send({ sequence: 2n, trustBundlePem: 'x'.repeat(300_000) })
      stream.end()
    }
    const messages: unknown[] = []
    await client(plane).stream(
      WATCH,
      { healthy: true, subscriptions: [{ key: 'name:a.b:1' }] },
      {
        onMessage: (message) => messages.push(message),
        silenceMs: 20_000,
        signal: AbortSignal.timeout(20_000),
      },
    )
    expect(messages).toEqual([
      { streamId: 's', sequence: '1' },
      { sequence: '2', trustBundlePem: 'x'.repeat(300_000) },
    ])
    expect(plane.streams[0]!.request).toMatchObject({
      healthy: true,
      subscriptions: [{ key: 'name:a.b:1', version: '' }],
    })
  })

  test('throws how a stream ended badly', async () => {
    await using plane = await startFakeControlPlane()
    plane.onStream = (stream) => stream.end(refusal(Code.FailedPrecondition, 'the instance is taken'))
    const watching = watch(plane, new AbortController().signal)
    await expect(watching).rejects.toMatchObject({ code: 'failed_precondition', message: 'the instance is taken' })
  })

  test('throws when the connection of a stream breaks', async () => {
    await using plane = await startFakeControlPlane()
    plane.onStream = (stream) => stream.cut()
    await expect(watch(plane, new AbortController().signal)).rejects.toMatchObject({ code: 'unreachable' })
  })

  test('takes a stream that is silent for too long to be dead', async () => {
    await using plane = await startFakeControlPlane()
    const clock = new ManualClock(Date.now())
    const { signal } = new AbortController()
    const watching = clientBy(clock, plane).stream(WATCH, {}, { onMessage: () => {}, silenceMs: 300, signal })
    const failure = failureOf(watching)
    await until(() => plane.streams.length === 1)
    clock.advance(299)
    expect(plane.streams[0]!.isClosed).toBe(false)
    clock.advance(1)
    expect(await failure).toMatchObject({ code: 'unreachable', message: 'silent for 300 ms' })
    await until(() => plane.streams[0]!.isClosed)
  })

  test('closes the connection of a stream that is aborted', async () => {
    await using plane = await startFakeControlPlane()
    const abort = new AbortController()
    plane.onStream = () => abort.abort()
    await expect(watch(plane, abort.signal)).rejects.toThrow()
    await until(() => plane.streams[0]?.isClosed === true)
  })
})

// Bun has no HTTP/2 server that could play the control plane; the client is the same there.
describe.skipIf(process.versions.bun !== undefined)('ControlClient over HTTP/2', () => {
  test('makes calls over the connection of the open stream, so that they come to the same replica', async () => {
    await using plane = await startFakeControlPlane({ http2: true })
    const control = client(plane)
    const abort = new AbortController()
    const watching = control.stream(WATCH, {}, { onMessage: () => {}, silenceMs: 20_000, signal: abort.signal })
    await until(() => plane.streams.length === 1)
    await Promise.all([control.call(REPORT, { sequence: '1' }), control.call(REPORT, { sequence: '2' })])
    expect(plane.reports.length).toBe(2)
    expect(plane.connections).toBe(1)
    abort.abort()
    await expect(watching).rejects.toThrow()
    await control.call(REPORT, { sequence: '3' })
    expect(plane.connections).toBe(2)
    control.close()
  })

  test('lets the stream live when a call beside it gets no answer', async () => {
    await using plane = await startFakeControlPlane({ http2: true })
    const asked = holdCalls(plane)
    const clock = new ManualClock(Date.now())
    const control = clientBy(clock, plane)
    const messages: unknown[] = []
    const onMessage = (message: unknown) => void messages.push(message)
    const signal = AbortSignal.timeout(20_000)
    const watching = control.stream(WATCH, {}, { onMessage, silenceMs: 30_000, signal })
    await until(() => plane.streams.length === 1)
    const failure = failureOf(control.call(REPORT, {}))
    await until(asked)
    clock.advance(20_000)
    expect(await failure).toMatchObject({ code: 'deadline_exceeded' })
    plane.streams[0]!.send({ sequence: 1n })
    await until(() => messages.length === 1)
    plane.streams[0]!.end()
    await watching
  })

  test('makes the calls of a stream that was cut over a new connection', async () => {
    const plane = await startFakeControlPlane({ http2: true })
    const control = client(plane)
    const signal = AbortSignal.timeout(20_000)
    const watching = control.stream(WATCH, {}, { onMessage: () => {}, silenceMs: 20_000, signal })
    await until(() => plane.streams.length === 1)
    plane.streams[0]!.cut()
    await expect(watching).rejects.toMatchObject({ code: 'unreachable' })
    const { authority, port } = plane
    await using again = await startFakeControlPlane({ authority, port, http2: true })
    await control.call(REPORT, {})
    control.close()
    expect(again.reports.length).toBe(1)
  })
})

describe('ControlClient with several replicas', () => {
  test('goes to the next address where one does not answer', async () => {
    await using plane = await startFakeControlPlane({ host: '127.0.0.2' })
    const control = createControlClient({
      target: { address: { host: 'heddle-control.heddle.svc', port: plane.port }, spiffeId: CONTROL_IDENTITY },
      credentials: plain(plane),
      clock: systemClock,
      random: () => 0.99,
      resolve: () => Promise.resolve(['127.0.0.3', '127.0.0.2']),
    })
    await control.call(REPORT, {})
    control.close()
    expect(plane.reports.length).toBe(1)
  })
})

function plain(plane: FakeControlPlane): () => ControlCredentials {
  const credentials = { trustBundlePem: plane.authority.trustBundlePem }
  return () => credentials
}

/** Of what is to fail later: on Bun `expect().rejects` begins to wait where it stands. */
function failureOf(work: Promise<unknown>): Promise<unknown> {
  return work.catch((error: unknown) => error)
}

/** No call is answered any more; tells whether one came. */
function holdCalls(plane: FakeControlPlane): () => boolean {
  let hasCome = false
  plane.beforeCall = () => {
    hasCome = true
    return new Promise(() => {})
  }
  return () => hasCome
}

function watch(plane: FakeControlPlane, signal: AbortSignal): Promise<void> {
  return client(plane).stream(WATCH, {}, { onMessage: () => {}, silenceMs: 20_000, signal })
}
