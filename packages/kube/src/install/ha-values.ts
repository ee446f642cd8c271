import type { ValueTree } from './override.ts'

/** What `--ha` says, and `deploy/chart/values-ha.yaml`: no single node or pod stops the control plane. */
export const HA_VALUES: ValueTree = {
  control: {
    replicas: 3,
    antiAffinity: 'Required',
    disruptionBudget: true,
    resources: { requests: { cpu: '200m', memory: '256Mi' } },
  },
  webhooks: { injector: { failurePolicy: 'Fail' }, validator: { failurePolicy: 'Fail' } },
}
