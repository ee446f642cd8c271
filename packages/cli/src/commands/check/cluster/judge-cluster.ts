import { type Category, type CategoryResult, judgeAll } from '../check.ts'
import { GATEWAY_API, KUBERNETES_API, KUBERNETES_VERSION } from './api-checks.ts'
import type { BaseFacts, InstallFacts, PreFacts, ProxyFacts } from './cluster-facts.ts'
import { CONTROL_API, HIGH_AVAILABILITY, IDENTITY, isHighlyAvailable, VERSIONS, WEBHOOKS } from './control-checks.ts'
import { DATA_PLANE } from './data-plane-checks.ts'
import { EXISTENCE } from './existence-checks.ts'
import { PRE_SETUP } from './pre-checks.ts'

/** What is looked at whatever is asked for. */
export const BASE_CATEGORIES: readonly Category<BaseFacts>[] = [KUBERNETES_API, KUBERNETES_VERSION, GATEWAY_API]
/** Of `heddle check --pre`. */
export const PRE_CATEGORIES: readonly Category<PreFacts>[] = [...BASE_CATEGORIES, PRE_SETUP]
/** Of `heddle check`. */
export const INSTALL_CATEGORIES: readonly Category<InstallFacts>[] = [
  ...BASE_CATEGORIES,
  EXISTENCE,
  CONTROL_API,
  IDENTITY,
  WEBHOOKS,
  VERSIONS,
]
/** Of an installation with several replicas besides. */
export const HA_CATEGORIES: readonly Category<InstallFacts>[] = [HIGH_AVAILABILITY]
/** Of `heddle check --proxy` besides. */
export const PROXY_CATEGORIES: readonly Category<ProxyFacts>[] = [DATA_PLANE]

/** Whether an installation would work. */
export function judgePre(facts: PreFacts): readonly CategoryResult[] {
  return judgeAll(PRE_CATEGORIES, facts)
}

/** Whether the installation is well. */
export function judgeInstall(facts: InstallFacts): readonly CategoryResult[] {
  return judgeAll(installCategories(facts), facts)
}

/** Whether the installation and the proxies are well. */
export function judgeProxies(facts: ProxyFacts): readonly CategoryResult[] {
  return judgeAll<ProxyFacts>([...installCategories(facts), ...PROXY_CATEGORIES], facts)
}

function installCategories(facts: InstallFacts): readonly Category<InstallFacts>[] {
  return isHighlyAvailable(facts) ? [...INSTALL_CATEGORIES, ...HA_CATEGORIES] : INSTALL_CATEGORIES
}
