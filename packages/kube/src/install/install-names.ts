import { CONTROL_ACCOUNT } from '@heddle/api/control-account'

/** Names of what makes up an installation, wherever they are spelled. */
export const INSTALL_NAMES = {
  /** Where it is unless said otherwise. */
  namespace: CONTROL_ACCOUNT.namespace,
  /** ServiceAccount of the control plane; with the namespace its SPIFFE id. */
  controlAccount: CONTROL_ACCOUNT.serviceAccount,
  /** ServiceAccounts whose tokens people ask for: they run nothing. */
  viewerAccount: 'heddle-viewer',
  operatorAccount: 'heddle-operator',
  control: 'heddle-control',
  webhook: 'heddle-webhook',
  /** ConfigMap with the values of the installation. */
  config: 'heddle-config',
  /** ConfigMap with the root certificates, written by the control plane. */
  trustBundle: 'heddle-trust-bundle',
  /** Secret with the authority's keys, made by the control plane. */
  authority: 'heddle-authority',
  /** Secret with hashes of join tokens, made by the control plane. */
  joinTokens: 'heddle-join-tokens',
  lease: 'heddle-control-leader',
  injector: 'heddle-injector',
  validator: 'heddle-validator',
  /** Everything of the agent of nodes, its namespace too; `heddle install-node-agent` prints it. */
  nodeAgent: 'heddle-node-agent',
} as const

/** Ports of the control plane's pods, by the names that Services use. */
export const INSTALL_PORTS = { api: 15_010, admin: 15_014, webhook: 15_017 } as const

/** What tokens for the control plane's API are made for, so that those for anything else are of no use there. */
export const ADMIN_AUDIENCE = 'heddle.dev/admin'

/** Label of everything of Heddle's on a cluster: of installations, of CRDs and of the agent of nodes. */
export const PART_OF_HEDDLE = { 'app.kubernetes.io/part-of': 'heddle' } as const
/** Label of every object of an installation; its value is the namespace of the control plane. */
export const INSTALLATION_LABEL = 'heddle.dev/installation'
/** Label by which the control plane's pods are found: `control-plane`. */
export const COMPONENT_LABEL = 'heddle.dev/component'
export const CONTROL_COMPONENT = 'control-plane'

/** Keys of the ConfigMap {@link INSTALL_NAMES.config}, and of that of the agent of nodes. */
export const CONFIG_KEYS = {
  /** All values. */
  values: 'values.yaml',
  /** Those that are not as they are by default; of the agent: as the installation has them. */
  overrides: 'overrides.yaml',
  version: 'version',
  /** Of the agent: the namespace of its installation. */
  installation: 'installation',
} as const

/** Key of the ConfigMap {@link INSTALL_NAMES.trustBundle}: certificates, PEM. */
export const TRUST_BUNDLE_KEY = 'trust-bundle.pem'
