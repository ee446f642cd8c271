import type { KubeDraft } from '../client/client.ts'
import { accessRbac } from './access-rbac.ts'
import { configMap } from './config-map.ts'
import { controlDeployment } from './control-deployment.ts'
import { controlRbac } from './control-rbac.ts'
import { INSTALL_NAMES, INSTALL_PORTS } from './install-names.ts'
import type { InstallValues } from './install-values.ts'
import { clusterObject, type Installation, ownObject } from './installation.ts'
import { serviceBody } from './service.ts'
import { webhookConfigurations } from './webhooks.ts'

const { control, controlAccount, namespace: usualNamespace, operatorAccount, viewerAccount, webhook } = INSTALL_NAMES

/**
 * Every object of an installation but the CRDs, in an order in which each finds what it needs: the webhooks last, since from then on
 * the API server asks.
 */
export function renderInstall(values: InstallValues, namespace: string = usualNamespace): readonly KubeDraft[] {
  const installation: Installation = { namespace, values }
  return [
    namespaceObject(installation),
    ...accounts(installation),
    ...controlRbac(installation),
    ...accessRbac(installation),
    configMap(installation),
    ownObject(installation, control, serviceBody('api', INSTALL_PORTS.api)),
    ownObject(installation, webhook, serviceBody('webhook', 443)),
    ...controlDeployment(installation),
    ...webhookConfigurations(installation),
  ]
}

/** Nothing in it needs any right on its node. */
function namespaceObject(installation: Installation): KubeDraft {
  const object = clusterObject(installation, installation.namespace, { apiVersion: 'v1', kind: 'Namespace' })
  const security = { 'pod-security.kubernetes.io/enforce': 'restricted' }
  return { ...object, metadata: { ...object.metadata, labels: { ...object.metadata.labels, ...security } } }
}

function accounts(installation: Installation): readonly KubeDraft[] {
  const body = { apiVersion: 'v1', kind: 'ServiceAccount' }
  // Nothing runs as the others: people ask for their tokens.
  return [
    ownObject(installation, controlAccount, { ...body, automountServiceAccountToken: true }),
    ownObject(installation, viewerAccount, { ...body, automountServiceAccountToken: false }),
    ownObject(installation, operatorAccount, { ...body, automountServiceAccountToken: false }),
  ]
}
