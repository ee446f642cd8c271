import { createSecureContext } from 'node:tls'
import { ConfigError } from '@heddle/base/config-error'
import { KubeError, KubeTransportError } from '@heddle/kube/client'
import { CONFIG_MAPS, PODS } from '@heddle/kube/resources'
import { expect, test } from 'vitest'
import { FakeCluster } from '../../test/fake-cluster.ts'
import { CliError } from '../cli-error.ts'
import { connectClusterControl } from './cluster-control.ts'
import { explainKube } from './explain-kube.ts'

const TOKEN = (account: string) => `POST /api/v1/namespaces/heddle/serviceaccounts/${account}/token`
const FORBIDDEN = new KubeError({ status: 403, reason: 'Forbidden', message: 'user ann cannot create tokens' })

function installed(answers: Readonly<Record<string, unknown>> = {}, isReady = true): FakeCluster {
  const cluster = new FakeCluster({ answers })
  cluster.put(CONFIG_MAPS, {
    metadata: { name: 'heddle-trust-bundle', namespace: 'heddle' },
    data: { 'trust-bundle.pem': 'PEM' },
  } as never)
  const conditions = isReady ? [{ type: 'Ready', status: 'True' }] : []
  cluster.put(PODS, {
    metadata: { name: 'heddle-control-1', namespace: 'heddle' },
    status: { phase: 'Running', conditions },
  })
  return cluster
}

async function refusal(cluster: FakeCluster, need?: 'look' | 'act'): Promise<CliError> {
  const error = await connectClusterControl(cluster, need).catch((thrown: unknown) => thrown)
  expect(error).toBeInstanceOf(CliError)
  return error as CliError
}

test('a cluster without Heddle is told from one in which it starts', async () => {
  expect((await refusal(new FakeCluster())).message).toBe(
    'Heddle is not installed in namespace "heddle" of cluster "test"',
  )
  const starting = installed()
  starting.objects.delete('configmaps./heddle/heddle-trust-bundle')
  expect((await refusal(starting)).message).toContain('has not written its trust bundle yet')
})

test('pods that are not ready are named', async () => {
  const answers = { [TOKEN('heddle-viewer')]: { status: { token: 't' } } }
  const error = await refusal(installed(answers, false))
  expect(error.message).toContain('no pod of the control plane is ready')
  expect(error.hints[0]).toBe('heddle-control-1 is Running')
})

test.each([
  { need: 'look', missing: 'of heddle-viewer (or heddle-operator)' },
  { need: 'act', missing: 'of heddle-operator,' },
] as const)('who may make no token to $need is told which right is missing', async ({ need, missing }) => {
  const answers = { [TOKEN('heddle-viewer')]: FORBIDDEN, [TOKEN('heddle-operator')]: FORBIDDEN }
  const error = await refusal(installed(answers), need)
  expect(error.message).toContain('may not ask the control plane: user ann cannot create tokens')
  expect(error.hints[0]).toContain(missing)
})

test('who may only act may look as well', async () => {
  const answers = { [TOKEN('heddle-viewer')]: FORBIDDEN, [TOKEN('heddle-operator')]: { status: { token: 't' } } }
  // It gets as far as the port-forward, for which the fake has no network.
  expect((await refusal(installed(answers))).message).toContain('the fake cluster has no network')
})

test.each([
  {
    error: new KubeError({ status: 401, reason: 'Unauthorized', message: 'no' }),
    says: 'does not accept its credentials any more',
  },
  { error: FORBIDDEN, says: 'may not list pods: user ann cannot create tokens' },
  {
    error: new KubeError({ status: 500, reason: 'InternalError', message: 'etcd is full' }),
    says: 'cannot list pods: etcd is full',
  },
  {
    error: new KubeTransportError('connection', 'no connection', new Error('connect ECONNREFUSED')),
    says: 'cannot reach the cluster of context "test" at https://127.0.0.1:1: connect ECONNREFUSED',
  },
  {
    error: new KubeTransportError(
      'connection',
      'no connection',
      new ConfigError(['nix: not found'], 'the plugin failed'),
    ),
    says: 'no credentials for the cluster of context "test": the plugin failed:\n  - nix: not found',
  },
  {
    error: new KubeTransportError('connection', 'no connection', noCertificate()),
    says: 'no credentials for the cluster of context "test": error:',
  },
])('explainKube() says: $says', ({ error, says }) => {
  const explained = explainKube(error, 'list pods', new FakeCluster())
  expect(explained.message).toContain(says)
})

/** What Node throws for a client certificate of a kubeconfig that is none. */
function noCertificate(): unknown {
  try {
    return createSecureContext({ cert: 'none', key: 'none' })
  } catch (error) {
    return error
  }
}
