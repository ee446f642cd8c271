import { KubeError } from '@heddle/kube/client'
import { expect, test } from 'vitest'
import { askCluster } from './cluster-error.ts'

const cluster = { contextName: 'dev', server: 'https://10.0.0.1:6443' }

test.each([
  {
    name: 'is not there',
    error: new Error('connect ECONNREFUSED'),
    message: 'cannot reach the cluster of context "dev" at https://10.0.0.1:6443: connect ECONNREFUSED',
    hint: 'is the cluster up',
  },
  {
    name: 'does not know the user',
    error: new KubeError({ status: 401, reason: 'Unauthorized', message: 'Unauthorized' }),
    message: 'the cluster of context "dev" does not accept its credentials any more',
    hint: 'log in anew',
  },
  {
    name: 'refuses',
    error: new KubeError({ status: 403, reason: 'Forbidden', message: 'may not list pods' }),
    message: 'the cluster of context "dev" at https://10.0.0.1:6443 refused: may not list pods',
    hint: 'somebody who may do everything',
  },
])('askCluster() says what to do where the cluster $name', async ({ error, message, hint }) => {
  const refusal = await askCluster(cluster, () => Promise.reject(error)).catch((thrown: unknown) => thrown)
  expect(refusal).toMatchObject({ message, hints: [expect.stringContaining(hint)] })
})
