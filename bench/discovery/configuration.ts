/** Sizes of a configuration for measurements. */
export interface Sizes {
  readonly endpoints: number
  readonly routes: number
}

export const NAMESPACE = 'bench'
/** What every simulated proxy holds. */
export const KEY = `name:cart.${NAMESPACE}:80`
const ADDRESSES_PER_WORKLOAD = 1_000

/**
 * A Service `cart` with endpoints at addresses, and routes attached to it, each for a path of its own. By file; a file has at
 * most a hundred routes.
 */
export function configuration({ endpoints, routes }: Sizes): Record<string, string> {
  const files: Record<string, string> = { 'services.yaml': `${service('cart')}---\n${service('other')}` }
  for (let from = 0; from < endpoints; from += ADDRESSES_PER_WORKLOAD) {
    files[`workload-${from}.yaml`] = workload(from, Math.min(endpoints, from + ADDRESSES_PER_WORKLOAD))
  }
  for (let from = 0; from < routes; from += 100) {
    const some = Array.from({ length: Math.min(100, routes - from) }, (_, i) => route(`route-${from + i}`, 1))
    files[`routes-${from}.yaml`] = some.join('---\n')
  }
  return files
}

/** An HTTPRoute of `cart` for the path of its name. */
export function route(name: string, weight: number, parent = 'cart'): string {
  return `apiVersion: gateway.networking.k8s.io/v1
kind: HTTPRoute
metadata: { name: ${name}, namespace: ${NAMESPACE} }
spec:
  parentRefs: [{ group: "", kind: Service, name: ${parent} }]
  rules:
    - matches: [{ path: { type: PathPrefix, value: /${name} }, headers: [{ name: x-tenant, value: a }] }]
      timeouts: { request: 5s }
      backendRefs: [{ name: cart, port: 80, weight: 99 }, { name: other, port: 80, weight: ${weight} }]
`
}

export function service(name: string): string {
  return `apiVersion: v1
kind: Service
metadata: { name: ${name}, namespace: ${NAMESPACE} }
spec: { selector: { app: ${name} }, ports: [{ port: 80, targetPort: 8080 }] }
`
}

function workload(from: number, to: number): string {
  const addresses = Array.from({ length: to - from }, (_, i) => addressOf(from + i))
  return `apiVersion: heddle.dev/v1alpha1
kind: Workload
metadata: { name: cart-${from}, namespace: ${NAMESPACE}, labels: { app: cart } }
spec: { serviceAccount: cart, ports: [{ name: http, port: 8080 }], addresses: [${addresses.join(', ')}] }
`
}

function addressOf(index: number): string {
  return `10.20.${Math.floor(index / 250)}.${(index % 250) + 1}`
}
