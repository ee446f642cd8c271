import { INSTALL_NAMES } from '@heddle/kube/install/names'

/** What to do where only the control plane can say why. @param namespace - the control plane's */
export function lookAtLog(namespace: string): string {
  return `Look at "kubectl -n ${namespace} logs deploy/${INSTALL_NAMES.control}".`
}

/** What to do where its pods do not get ready. @param namespace - the control plane's */
export function lookAtPods(namespace: string): string {
  return `Look at "kubectl -n ${namespace} describe pods" and "kubectl -n ${namespace} logs deploy/${INSTALL_NAMES.control}".`
}
