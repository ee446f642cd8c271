/** A route of `cart` in namespace `shop` to a backend. */
export function routeYaml(backend: string, more = ''): string {
  return `apiVersion: gateway.networking.k8s.io/v1
kind: HTTPRoute
metadata: { name: cart, namespace: shop }
spec:
  parentRefs: [{ group: "", kind: Service, name: cart }]
  rules: [{ backendRefs: [{ name: ${backend}, port: 80 }] }]
${more}`
}
