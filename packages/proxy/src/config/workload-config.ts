import { formatSpiffeId, isTrustDomain } from '@heddle/identity/spiffe-id'
import { parseLabels } from './entries.ts'
import type { VariableTable } from './env-reader.ts'
import { objectName, syntax } from './variable.ts'

/** Whose proxy it is. */
export interface WorkloadConfig {
  readonly namespace: string
  readonly workload: string
  readonly instance: string
  readonly serviceAccount: string
  readonly labels: Readonly<Record<string, string>>
  readonly region: string
  readonly zone: string
  readonly trustDomain: string
}

/** Names and defaults of {@link WorkloadConfig}. */
export const WORKLOAD_VARIABLES: VariableTable<WorkloadConfig> = {
  namespace: objectName('HEDDLE_NAMESPACE', { about: 'Namespace of the workload.' }),
  workload: objectName('HEDDLE_WORKLOAD', { about: 'Name of the Workload, for example `voting`.' }),
  instance: objectName('HEDDLE_INSTANCE', {
    about: 'Name of this instance, unique in the namespace, for example `voting-0`.',
  }),
  serviceAccount: objectName('HEDDLE_SERVICE_ACCOUNT', {
    fallback: 'default',
    about: 'Service account whose identity the workload bears.',
  }),
  labels: syntax(
    'HEDDLE_LABELS',
    {
      fallback: '',
      expects: 'labels like `app=web,tier=front`',
      about: 'Labels of the workload; Services select by them.',
    },
    parseLabels,
  ),
  region: syntax('HEDDLE_REGION', { fallback: '', expects: 'a word', about: 'Region the instance is in.' }, String),
  zone: syntax('HEDDLE_ZONE', { fallback: '', expects: 'a word', about: 'Zone the instance is in.' }, String),
  trustDomain: syntax(
    'HEDDLE_TRUST_DOMAIN',
    { fallback: 'heddle.local', expects: 'a trust domain', about: 'Trust domain of the identity.' },
    parseTrustDomain,
  ),
}

/** What is wrong with the parts of the identity together, which are good on their own. */
export function findIdentityProblems(config: WorkloadConfig): string[] {
  try {
    formatSpiffeId(config)
    return []
  } catch (error) {
    return [`the identity made of HEDDLE_TRUST_DOMAIN, HEDDLE_NAMESPACE and HEDDLE_SERVICE_ACCOUNT: ${String(error)}`]
  }
}

function parseTrustDomain(text: string): string {
  if (!isTrustDomain(text)) throw new RangeError()
  return text
}
