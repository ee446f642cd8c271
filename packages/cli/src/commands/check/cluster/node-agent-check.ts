import { VALIDATE_CONTAINER } from '@heddle/kube/inject/names'
import { INSTALL_NAMES } from '@heddle/kube/install/names'
import type { PodObject } from '../../../client/control-pod.ts'
import { type Check, errorUnlessEmpty, type Verdict, warningUnlessEmpty } from '../check.ts'
import { judgeFact } from '../fact.ts'
import type { NodeAgentFact, ProxyFacts } from './cluster-facts.ts'
import { isRunning } from './mesh-pod.ts'

const INSTALL = 'heddle install-node-agent | kubectl apply -f -'

/** Whether pods whose traffic the agent of the node redirects find one. */
export const NODE_AGENT_CHECK: Check<ProxyFacts> = {
  id: 'node-agent',
  description: 'agent of the node runs on every node, where pods need it',
  about:
    'Pods with `heddle.dev/interception: node-agent` wait until the [agent of their node](../tasks/inject.md#restricted-pod-security) has redirected their traffic; without one they do not start. Its DaemonSet `heddle-node-agent` is in a namespace of that name: `kubectl -n heddle-node-agent get pods -o wide` shows where it does not run. A cluster has one agent; where it belongs to an installation in another namespace, upgrades of this one leave it as it is.',
  judge: ({ meshPods, nodeAgent }) =>
    judgeFact(meshPods, (pods) =>
      judgeFact(nodeAgent, (agent) => {
        return agent === undefined ? judgeMissing(pods.filter(needsAgent).length) : judgeReady(agent)
      }),
    ),
}

function needsAgent(pod: PodObject): boolean {
  return isRunning(pod) && pod.spec?.initContainers?.some(({ name }) => name === VALIDATE_CONTAINER) === true
}

function judgeMissing(pods: number): Verdict {
  const detail = `there is no DaemonSet ${INSTALL_NAMES.nodeAgent}, and ${pods} ${pods === 1 ? 'pod needs' : 'pods need'} it`
  return errorUnlessEmpty(pods === 0 ? [] : [detail], INSTALL)
}

function judgeReady({ ready, wanted, owner }: NodeAgentFact): Verdict {
  if (owner !== undefined) {
    return warningUnlessEmpty(
      [`it belongs to the installation in namespace "${owner}", whose version and image it has`],
      `A cluster has one installation: use that, with --heddle-namespace ${owner}, or uninstall it.`,
    )
  }
  return warningUnlessEmpty(
    ready < wanted ? [`it is ready on ${ready} of ${wanted} nodes`] : [],
    `kubectl -n ${INSTALL_NAMES.nodeAgent} describe pods`,
  )
}
