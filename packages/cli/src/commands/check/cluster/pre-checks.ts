import { type Category, type Check, errorUnlessEmpty, type Verdict, warningUnlessEmpty } from '../check.ts'
import { judgeFact } from '../fact.ts'
import type { PreFacts, Right } from './cluster-facts.ts'

const CAN_INSTALL = 'Install as a user who may, such as one with the ClusterRole cluster-admin.'

/** Whether `heddle install` would succeed. */
export const PRE_SETUP: Category<PreFacts> = {
  name: 'pre-kubernetes-setup',
  checks: [
    {
      id: 'pre-namespace',
      description: 'control plane namespace does not already exist',
      about:
        'Heddle seems to be installed already, in which case `heddle upgrade` is what you want; or the namespace is used for something else, in which case install into another with `--heddle-namespace NAME`. Only a warning: `heddle install` can be applied to a namespace that exists.',
      judge: ({ namespaceExists, heddleNamespace }) =>
        judgeFact(namespaceExists, (exists) =>
          warningUnlessEmpty(
            exists ? [`namespace "${heddleNamespace}" exists`] : [],
            'Use "heddle upgrade" for an installation that is there; see "heddle check".',
          ),
        ),
    },
    {
      id: 'pre-one-installation',
      description: 'no other namespace has an installation',
      about:
        'A cluster has one installation: its ClusterRoles and webhook configurations have the same names in every namespace, so that a second installation would take them over, and the first would inject and validate no more. Use the one that is there with `--heddle-namespace NAME`, or remove it: `heddle --heddle-namespace NAME uninstall | kubectl delete -f -`.',
      judge: ({ otherInstallations }) => judgeFact(otherInstallations, judgeOtherInstallations),
    },
    canCreate('pre-cluster-resources', 'can create non-namespaced resources', ({ namespace }) => namespace === ''),
    canCreate(
      'pre-namespaced-resources',
      'can create resources in the control plane namespace',
      ({ namespace, verb }) => namespace !== '' && verb === 'create',
    ),
    canCreate('pre-read-secrets', 'can read Secrets', ({ verb }) => verb !== 'create'),
    {
      id: 'pre-net-admin',
      description: 'cluster admits pods with the NET_ADMIN capability',
      about:
        'Injection puts an init container into pods that redirects their traffic; it needs the capabilities NET_ADMIN and NET_RAW. The check asks the API server to admit such a pod in the namespace of your context, without making it. A refusal names what is against it: Pod Security Admission at level `baseline` or `restricted`, or a policy engine. Give the namespaces of meshed applications the level `privileged`, or let the agent of the node redirect (`heddle.dev/interception: node-agent`).',
      judge: ({ podRefusal }) =>
        judgeFact(podRefusal, (refusal) =>
          warningUnlessEmpty(
            refusal === '' ? [] : [refusal],
            'Allow it in the namespaces of meshed applications, or let the agent of the node redirect: heddle install-node-agent.',
          ),
        ),
    },
  ],
}

/**
 * @param namespaces - of installations beside the one that is looked at
 * @param afterwards - what is to be done when the other one is removed
 */
export function judgeOtherInstallations(namespaces: readonly string[], afterwards = ''): Verdict {
  const other = `--heddle-namespace ${namespaces[0]}`
  return errorUnlessEmpty(
    namespaces.map((name) => `there is one in namespace "${name}"`),
    `Use it, with ${other}, or remove it: heddle ${other} uninstall | kubectl delete -f -${afterwards}`,
  )
}

function canCreate(id: string, description: string, isMeant: (right: Right) => boolean): Check<PreFacts> {
  return {
    id,
    description,
    about:
      'The API server was asked (SelfSubjectAccessReview) whether you may make every kind of object that `heddle install` has. What is missing is listed; the installation would fail half way.',
    judge: ({ rights }) =>
      judgeFact(rights, (all) => errorUnlessEmpty(all.filter(isMeant).filter(isRefused).map(describe), CAN_INSTALL)),
  }
}

function isRefused({ isAllowed }: Right): boolean {
  return !isAllowed
}

function describe({ verb, resource, namespace, reason }: Right): string {
  const place = namespace === '' ? 'in the cluster' : `in namespace "${namespace}"`
  return `may not ${verb} ${resource} ${place}${reason === '' ? '' : `: ${reason}`}`
}
