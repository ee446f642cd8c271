import { request } from 'node:http'
import { connect } from 'node:net'
import type { Clock } from '@heddle/base/clock'
import { messageOf } from '@heddle/base/message-of'

/** What to try at an address. */
export type Probe =
  | { readonly kind: 'tcp'; readonly address: string; readonly port: number }
  | { readonly kind: 'http'; readonly address: string; readonly port: number; readonly path: string }

export interface ProbeDeps {
  readonly clock: Clock
  readonly timeoutMs: number
}

/** `undefined`: well; else why not, one sentence. */
export type ProbeResult = string | undefined

/**
 * Tries an address once. As Kubernetes has it: a status from 200 to 399 is well, a redirect is not followed; for TCP
 * it is enough that a connection is accepted.
 */
export async function runProbe(probe: Probe, { clock, timeoutMs }: ProbeDeps): Promise<ProbeResult> {
  const limit = new AbortController()
  const timer = clock.after(timeoutMs, () => limit.abort())
  try {
    return await (probe.kind === 'tcp' ? probeTcp(probe, limit.signal) : probeHttp(probe, limit.signal))
  } catch (error) {
    if (limit.signal.aborted) return `no answer within ${timeoutMs} ms`
    return messageOf(error)
  } finally {
    timer.cancel()
  }
}

function probeTcp({ address, port }: Probe, signal: AbortSignal): Promise<ProbeResult> {
  return new Promise((resolve, reject) => {
    const socket = connect({ host: address, port, signal })
    socket.once('error', reject)
    socket.once('connect', () => {
      resolve(undefined)
      socket.destroy()
    })
  })
}

function probeHttp(probe: Extract<Probe, { kind: 'http' }>, signal: AbortSignal): Promise<ProbeResult> {
  const { address, port, path } = probe
  const headers = { 'user-agent': 'heddle-health-check', connection: 'close' }
  return new Promise((resolve, reject) => {
    const get = request({ host: address, port, path, signal, headers, agent: false }, (response) => {
      const status = response.statusCode ?? 0
      // What was asked is known: the body is nobody's business and may be long.
      response.destroy()
      resolve(status >= 200 && status < 400 ? undefined : `answered with status ${status}`)
    })
    get.once('error', reject)
    get.end()
  })
}
