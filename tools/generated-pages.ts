/** A page of `docs/` that is written from the code it describes. */
export interface GeneratedPage {
  /** From the root of the repository. */
  readonly path: string
  render(): Promise<string>
}

/** Kinds of Heddle's own, each with a CustomResourceDefinition. */
const CRD_PLURALS = ['backendpolicies', 'faultpolicies', 'trafficpolicies', 'workloads'] as const

/** Every generated page. A new one is a line here; the code is loaded only when its page is asked for. */
export const GENERATED_PAGES: readonly GeneratedPage[] = [
  ...CRD_PLURALS.map((plural) => ({
    path: `deploy/chart/crds/heddle.dev_${plural}.yaml`,
    render: async () => (await import('@heddle/kube/install/pages')).renderCrdFile(plural),
  })),
  {
    path: 'deploy/chart/values.yaml',
    render: async () => (await import('@heddle/kube/install/pages')).renderValuesFile(),
  },
  {
    path: 'deploy/chart/defaults.yaml',
    render: async () => (await import('@heddle/kube/install/pages')).renderDefaultsFile(),
  },
  {
    path: 'deploy/chart/values-ha.yaml',
    render: async () => (await import('@heddle/kube/install/pages')).renderHaValuesFile(),
  },
  {
    path: 'deploy/chart/values.schema.json',
    render: async () => (await import('@heddle/kube/install/pages')).renderValuesSchema(),
  },
  {
    path: 'docs/errors.md',
    render: async () => (await import('@heddle/proxy/errors-page')).renderErrorsPage(),
  },
  {
    path: 'docs/reference/annotations.md',
    render: async () => (await import('@heddle/kube/inject/annotations-page')).renderAnnotationsPage(),
  },
  {
    path: 'docs/reference/backend-policy.md',
    render: async () => (await import('@heddle/api/kinds/policy-pages')).renderBackendPolicyPage(),
  },
  {
    path: 'docs/reference/checks.md',
    render: async () => (await import('@heddle/cli/checks-page')).renderChecksPage(),
  },
  {
    path: 'docs/reference/cli.md',
    render: async () => (await import('@heddle/cli/reference-page')).renderCliReference(),
  },
  {
    path: 'docs/reference/fault-policy.md',
    render: async () => (await import('@heddle/api/kinds/policy-pages')).renderFaultPolicyPage(),
  },
  {
    path: 'docs/reference/gateway-api.md',
    render: async () => (await import('@heddle/api/kinds/route-pages')).renderGatewayApiPage(),
  },
  {
    path: 'docs/reference/grpc-route.md',
    render: async () => (await import('@heddle/api/kinds/route-pages')).renderGrpcRoutePage(),
  },
  {
    path: 'docs/reference/http-route.md',
    render: async () => (await import('@heddle/api/kinds/route-pages')).renderHttpRoutePage(),
  },
  {
    path: 'docs/reference/install-values.md',
    render: async () => (await import('@heddle/kube/install/pages')).renderInstallValuesPage(),
  },
  {
    path: 'docs/reference/kubernetes-kinds.md',
    render: async () => (await import('@heddle/api/kinds/pages')).renderKubernetesKindsPage(),
  },
  {
    path: 'docs/reference/limits.md',
    render: async () => (await import('@heddle/proxy/limits-page')).renderLimitsPage(),
  },
  {
    path: 'docs/reference/proxy-environment.md',
    render: async () => (await import('@heddle/proxy/environment-reference')).renderEnvironmentReference(),
  },
  {
    path: 'docs/reference/tls-tcp-route.md',
    render: async () => (await import('@heddle/api/kinds/route-pages')).renderStreamRoutesPage(),
  },
  {
    path: 'docs/reference/traffic-policy.md',
    render: async () => (await import('@heddle/api/kinds/policy-pages')).renderTrafficPolicyPage(),
  },
  {
    path: 'docs/reference/workload.md',
    render: async () => (await import('@heddle/api/kinds/pages')).renderWorkloadPage(),
  },
]
