import type { KubeDraft } from '../client/client.ts'
import { COMPONENT_LABEL, CONTROL_COMPONENT, INSTALL_NAMES } from './install-names.ts'
import type { WebhookValues } from './install-values.ts'
import { clusterObject, type Installation } from './installation.ts'

const API_VERSION = 'admissionregistration.k8s.io/v1'

/** Where the control plane answers; `packages/control/src/admission` serves these paths. */
const PATHS = { inject: '/inject', validate: '/validate' } as const

const VALIDATED = [
  {
    apiGroups: ['heddle.dev'],
    apiVersions: ['v1alpha1'],
    resources: ['backendpolicies', 'faultpolicies', 'trafficpolicies', 'workloads'],
  },
  {
    apiGroups: ['gateway.networking.k8s.io'],
    apiVersions: ['v1', 'v1beta1', 'v1alpha3', 'v1alpha2'],
    resources: ['grpcroutes', 'httproutes', 'referencegrants', 'tcproutes', 'tlsroutes'],
  },
] as const

/** What the API server asks the control plane about. Its `caBundle` is written by the control plane itself. */
export function webhookConfigurations(installation: Installation): readonly KubeDraft[] {
  const { injector, validator } = installation.values.webhooks
  return [
    clusterObject(installation, INSTALL_NAMES.injector, {
      apiVersion: API_VERSION,
      kind: 'MutatingWebhookConfiguration',
      webhooks: [
        {
          ...webhook(installation, { name: 'injector.heddle.dev', path: PATHS.inject, values: injector }),
          // Its own pods, should they ever be in a namespace that is asked about: they could not come up to answer.
          objectSelector: {
            matchExpressions: [{ key: COMPONENT_LABEL, operator: 'NotIn', values: [CONTROL_COMPONENT] }],
          },
          reinvocationPolicy: 'Never',
          rules: [
            { apiGroups: [''], apiVersions: ['v1'], operations: ['CREATE'], resources: ['pods'], scope: 'Namespaced' },
          ],
        },
      ],
    }),
    clusterObject(installation, INSTALL_NAMES.validator, {
      apiVersion: API_VERSION,
      kind: 'ValidatingWebhookConfiguration',
      webhooks: [
        {
          ...webhook(installation, { name: 'validator.heddle.dev', path: PATHS.validate, values: validator }),
          rules: VALIDATED.map((rule) => ({ ...rule, operations: ['CREATE', 'UPDATE'], scope: 'Namespaced' })),
        },
      ],
    }),
  ]
}

interface WebhookParts {
  readonly name: string
  readonly path: string
  readonly values: WebhookValues
}

function webhook(installation: Installation, { name, path, values }: WebhookParts): object {
  const { namespace, values: all } = installation
  const excluded = ['kube-system', namespace, ...all.webhooks.excludedNamespaces]
  return {
    name,
    admissionReviewVersions: ['v1'],
    sideEffects: 'None',
    matchPolicy: 'Equivalent',
    failurePolicy: values.failurePolicy,
    timeoutSeconds: values.timeoutSeconds,
    clientConfig: { service: { name: INSTALL_NAMES.webhook, namespace, path, port: 443 } },
    namespaceSelector: {
      matchExpressions: [{ key: 'kubernetes.io/metadata.name', operator: 'NotIn', values: [...new Set(excluded)] }],
    },
  }
}
