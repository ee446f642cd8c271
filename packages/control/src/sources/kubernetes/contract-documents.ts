const SERVICE = `apiVersion: v1
kind: Service
metadata: {name: cart, namespace: contract}
spec: {selector: {app: cart}, ports: [{port: 80, protocol: TCP}]}
`

/** For the contract of sources: what the API server takes and the mesh does not, what it takes, and what it wonders about. */
export const CLUSTER_DOCUMENTS = {
  refuses: 'the object',
  wrong: {
    ...routed("name: x-test, type: RegularExpression, value: '('"),
    field: 'spec.rules[0].matches[0].headers[0].value',
  },
  right: routed('name: x-test, value: a'),
  doubtful: { ...withoutBackends(), field: 'spec.rules[0]' },
} as const

function routed(header: string) {
  const route = `apiVersion: gateway.networking.k8s.io/v1
kind: HTTPRoute
metadata: {name: carts, namespace: contract}
spec:
  parentRefs: [{group: "", kind: Service, name: cart}]
  rules:
    - matches: [{headers: [{${header}}]}]
      backendRefs: [{name: cart, port: 80}]
`
  return { yaml: `${SERVICE}---\n${route}`, names: ['cart', 'carts'] }
}

function withoutBackends() {
  const route = `apiVersion: gateway.networking.k8s.io/v1
kind: HTTPRoute
metadata: {name: carts, namespace: contract}
spec:
  parentRefs: [{group: "", kind: Service, name: cart}]
  rules: [{matches: [{path: {value: /gone}}]}]
`
  return { yaml: `${SERVICE}---\n${route}`, names: ['cart', 'carts'] }
}
