/** What a policy is attached to, in the policy's own namespace (GEP-2648). */
export interface PolicyTargetRef {
  /** Empty for a Service, `gateway.networking.k8s.io` for a route. */
  readonly group: string
  readonly kind: 'Service' | 'HTTPRoute' | 'GRPCRoute'
  readonly name: string
  /** Name of a port of the Service, or of a rule of the route; absent: all of them. */
  readonly sectionName?: string
}
