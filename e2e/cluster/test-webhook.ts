import { once } from 'node:events'
import { createServer, type Server } from 'node:https'
import type { AddressInfo } from 'node:net'
import { createTestCa } from '@heddle/testkit/test-ca'
import { until } from '../harness/until.ts'
import type { Cluster } from './cluster.ts'

/** A mutating webhook for the pods of one namespace, on this machine. */
export interface TestWebhook extends AsyncDisposable {
  /** How often it was asked. */
  readonly reviews: () => number
  /** As if it had crashed: it is still configured. */
  stopListening(): Promise<void>
}

/** The API server learns of a webhook a moment after it was configured. */
const PROBE = {
  apiVersion: 'v1',
  kind: 'Pod',
  metadata: { name: 'probe' },
  spec: { containers: [{ name: 'probe', image: 'probe' }] },
}

interface Review {
  readonly request: { readonly uid: string; readonly object: never }
}

/**
 * Starts a webhook with `failurePolicy: Fail` and makes the API server know it.
 *
 * @param patch - JSON patch (RFC 6902) for the pod it is given
 */
export async function startWebhook(
  cluster: Cluster,
  namespace: string,
  patch: (pod: never) => readonly object[],
): Promise<TestWebhook> {
  const ca = await createTestCa()
  const identity = await ca.issue({ uris: [], ipAddresses: [cluster.hostAddress] })
  let reviews = 0
  const server = createServer(
    { key: identity.privateKeyPem, cert: identity.certificateChainPem },
    async (asked, answer) => {
      const review = JSON.parse(Buffer.concat(await asked.toArray()).toString()) as Review
      reviews += 1
      answer.setHeader('content-type', 'application/json')
      answer.end(JSON.stringify(answerOf(review, patch(review.request.object))))
    },
  )
  server.listen(0, cluster.hostAddress)
  await once(server, 'listening')
  const url = `https://${cluster.hostAddress}:${(server.address() as AddressInfo).port}/`
  await cluster.kubectl(['apply', '-f', '-'], { input: configurationOf(namespace, url, ca.trustBundlePem) })
  await until('the API server asks the webhook', async () => {
    await cluster.kubectl(['create', '--dry-run=server', '--namespace', namespace, '-f', '-'], { input: PROBE })
    return reviews > 0
  })
  return {
    reviews: () => reviews,
    stopListening: () => close(server),
    [Symbol.asyncDispose]: async () => {
      await cluster.kubectl(['delete', 'mutatingwebhookconfiguration', namespace])
      await close(server)
    },
  }
}

function answerOf({ request }: Review, patch: readonly object[]): object {
  const encoded = Buffer.from(JSON.stringify(patch)).toString('base64')
  const response = { uid: request.uid, allowed: true, patchType: 'JSONPatch', patch: encoded }
  return { apiVersion: 'admission.k8s.io/v1', kind: 'AdmissionReview', response }
}

function configurationOf(namespace: string, url: string, bundle: string): object {
  const webhook = {
    name: 'pods.test.example',
    clientConfig: { url, caBundle: Buffer.from(bundle).toString('base64') },
    rules: [{ apiGroups: [''], apiVersions: ['v1'], operations: ['CREATE'], resources: ['pods'] }],
    namespaceSelector: { matchLabels: { 'kubernetes.io/metadata.name': namespace } },
    admissionReviewVersions: ['v1'],
    sideEffects: 'None',
    failurePolicy: 'Fail',
    timeoutSeconds: 5,
  }
  return {
    apiVersion: 'admissionregistration.k8s.io/v1',
    kind: 'MutatingWebhookConfiguration',
    metadata: { name: namespace },
    webhooks: [webhook],
  }
}

async function close(server: Server): Promise<void> {
  if (!server.listening) return
  server.closeAllConnections()
  server.close()
  await once(server, 'close')
}
