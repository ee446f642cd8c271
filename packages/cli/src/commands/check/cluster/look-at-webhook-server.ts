import { connect, type TLSSocket } from 'node:tls'
import { INSTALL_NAMES, INSTALL_PORTS } from '@heddle/kube/install/names'
import { openPortForward } from '@heddle/kube/port-forward'
import type { Cluster } from '../../../client/cluster.ts'
import { isReady, type PodObject } from '../../../client/control-pod.ts'
import type { Fact } from '../fact.ts'
import type { ServedCertificate, WebhookFact } from './cluster-facts.ts'

const TIMEOUT_MS = 10_000

/** Looks at the certificate that the webhook server of a control plane pod shows, as the API server would. */
export async function lookAtWebhookServer(
  { access, heddleNamespace: namespace }: Cluster,
  pods: Fact<readonly PodObject[]>,
  webhooks: Fact<readonly WebhookFact[]>,
): Promise<ServedCertificate> {
  const pod = pods.kind === 'known' ? pods.value.find(isReady) : undefined
  if (pod === undefined) throw new Error('no pod of the control plane is ready')
  if (webhooks.kind !== 'known') throw new Error(webhooks.reason)
  const caBundle = webhooks.value[0]?.caBundle ?? ''
  if (caBundle === '') throw new Error('the webhooks have no caBundle')
  const target = { namespace, pod: pod.metadata.name, port: INSTALL_PORTS.webhook }
  const forward = await openPortForward(access, target)
  try {
    return await look({ port: forward.port, caBundle, name: `${INSTALL_NAMES.webhook}.${namespace}.svc` })
  } finally {
    await forward.close()
  }
}

interface Looking {
  readonly port: number
  readonly caBundle: string
  readonly name: string
}

function look({ port, caBundle, name }: Looking): Promise<ServedCertificate> {
  return new Promise((resolve, reject) => {
    // What is wrong with it is the answer, and not a failure to look.
    const socket = connect({ host: '127.0.0.1', port, ca: caBundle, servername: name, rejectUnauthorized: false })
    socket.setTimeout(TIMEOUT_MS, () => socket.destroy(new Error('the webhook server took too long to answer')))
    socket.once('error', reject)
    socket.once('secureConnect', () => {
      resolve(describe(socket))
      socket.destroy()
    })
  })
}

function describe(socket: TLSSocket): ServedCertificate {
  const { valid_from: from, valid_to: to, subject, subjectaltname = '' } = socket.getPeerCertificate()
  const refusal: Error | string | undefined = socket.authorizationError
  return {
    subject: subject?.CN === undefined ? subjectaltname : String(subject.CN),
    notBeforeMs: Date.parse(from),
    notAfterMs: Date.parse(to),
    refusal: socket.authorized || refusal === undefined || refusal === null ? '' : String(refusal),
  }
}
