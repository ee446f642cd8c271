import { type Check, MESH_NAMESPACE } from './check.ts'
import { redirectCheck } from './redirect-checks.ts'

/** A port that no case asks, so that a route of ours there changes nothing for any of them. */
export const MARKED_HOST = `echo.${MESH_NAMESPACE}:8080`

/** A route that tells one application of manifests from the one before, and the request that shows it. */
export function turnMarker(turn: number): { readonly route: string; readonly check: Check } {
  const host = `turn-${turn}.example`
  const route = `apiVersion: gateway.networking.k8s.io/v1
kind: HTTPRoute
metadata: { name: heddle-turn, namespace: ${MESH_NAMESPACE} }
spec:
  parentRefs: [{ group: "", kind: Service, name: echo, port: 8080 }]
  rules:
    - matches: [{ path: { type: Exact, value: /heddle-turn } }]
      filters: [{ type: RequestRedirect, requestRedirect: { hostname: ${host}, scheme: https } }]
`
  return {
    route,
    check: { ...redirectCheck('/heddle-turn', 302), host: MARKED_HOST, redirect: { host, scheme: 'https' } },
  }
}
