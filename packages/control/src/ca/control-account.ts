import { CONTROL_ACCOUNT } from '@heddle/api/control-account'
import { parseSpiffeId } from '@heddle/identity/spiffe-id'

/** The service account that only the control plane itself has, in its own namespace. */
export function controlAccount(namespace: string = CONTROL_ACCOUNT.namespace) {
  return { ...CONTROL_ACCOUNT, namespace }
}

/** Whether an identity is that of the control plane. @param namespace - of the control plane */
export function isControlIdentity(spiffeId: string, namespace: string | undefined): boolean {
  const id = parseSpiffeId(spiffeId)
  const own = controlAccount(namespace)
  return id?.namespace === own.namespace && id.serviceAccount === own.serviceAccount
}
