import { expect, test } from 'vitest'
import { CliError } from '../cli-error.ts'
import { chooseControlPod, describeUnready, isReady, type PodObject } from './control-pod.ts'

const ready = (name: string): PodObject => ({
  metadata: { name, namespace: 'heddle' },
  status: { phase: 'Running', conditions: [{ type: 'Ready', status: 'True' }] },
})

const waiting = (reason: string, message?: string): PodObject => ({
  metadata: { name: 'a', namespace: 'heddle' },
  status: {
    phase: 'Pending',
    containerStatuses: [{ name: 'control', ready: false, state: { waiting: { reason, ...(message && { message }) } } }],
  },
})

test.each([
  { pod: waiting('ImagePullBackOff', 'no such image'), says: 'container control: ImagePullBackOff: no such image' },
  {
    pod: {
      metadata: { name: 'a' },
      status: { conditions: [{ type: 'PodScheduled', status: 'False', message: '0/3 nodes are available' }] },
    },
    says: 'cannot be scheduled: 0/3 nodes are available',
  },
  {
    pod: {
      metadata: { name: 'a' },
      status: {
        containerStatuses: [
          { name: 'control', ready: false, state: { terminated: { reason: 'OOMKilled', exitCode: 137 } } },
        ],
      },
    },
    says: 'container control ended: OOMKilled, exit code 137',
  },
  {
    pod: {
      metadata: { name: 'a' },
      status: { containerStatuses: [{ name: 'control', ready: false, restartCount: 3 }] },
    },
    says: 'container control is not ready and has been started 4 times',
  },
  { pod: { metadata: { name: 'a', deletionTimestamp: 'now' } }, says: 'is ending' },
  { pod: { metadata: { name: 'a' }, status: { phase: 'Failed', reason: 'Evicted' } }, says: 'is Evicted' },
])('describeUnready() says: $says', ({ pod, says }) => {
  expect(isReady(pod)).toBe(false)
  expect(describeUnready(pod)).toBe(says)
})

test('a pod that is about to end is not ready, whatever its condition says', () => {
  const pod = ready('a')
  expect(isReady(pod)).toBe(true)
  expect(isReady({ ...pod, metadata: { ...pod.metadata, deletionTimestamp: 'now' } })).toBe(false)
})

test('chooseControlPod() spreads over the pods that are ready', () => {
  const pods = [waiting('CrashLoopBackOff'), ready('b'), ready('c')]
  expect(chooseControlPod(pods, 'heddle', () => 0)).toBe('b')
  expect(chooseControlPod(pods, 'heddle', () => 0.99)).toBe('c')
})

test('chooseControlPod() says what each pod waits for when none is ready', () => {
  const choose = () => chooseControlPod([waiting('CrashLoopBackOff')], 'mesh', () => 0)
  expect(choose).toThrow(CliError)
  expect(choose).toThrow('no pod of the control plane is ready in namespace "mesh"')
  try {
    choose()
  } catch (error) {
    expect((error as CliError).hints[0]).toBe('a container control: CrashLoopBackOff')
  }
})
