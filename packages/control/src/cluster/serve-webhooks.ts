import type { Clock } from '@heddle/base/clock'
import type { HostPort } from '@heddle/base/host-port'
import type { Log } from '@heddle/base/log'
import { type AdmissionDeps, createAdmissionHandler } from '../admission/create-admission-handler.ts'
import type { ServerIdentity } from '../ca/server-identity.ts'
import { listenTls, type TlsListener } from '../server/tls-listener.ts'

export interface WebhookOptions {
  readonly address: HostPort
  readonly admission: AdmissionDeps
  readonly identity: ServerIdentity
  readonly clock: Clock
  readonly log: Log
}

/**
 * Answers the API server's webhooks, by the control plane's own certificate; new connections get its next one.
 *
 * @throws {ListenError} when the address is taken or not allowed
 */
export async function serveWebhooks(options: WebhookOptions, signal: AbortSignal): Promise<TlsListener> {
  const { address, admission, identity, clock, log } = options
  const ousted = admission.registry.counter(
    'heddle_admission_ousted_connections_total',
    'Connections to the webhooks that were ended for others, since too many came from their address',
  )
  const listener = await listenTls({
    address,
    handler: createAdmissionHandler(admission),
    clock,
    tls: identity.current(),
    onSecure: () => undefined,
    onOusted: () => ousted.add(),
    onHandshakeError: (error) => log.debug('handshake of a webhook failed', { error: error.message }),
  })
  identity.onRotate((tls) => listener.rotate(tls), signal)
  return listener
}
