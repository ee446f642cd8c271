/** A copy of some requests for another backend, whose answers nobody sees. */
export interface Mirror {
  /** Key of the destination: "name:SERVICE.NAMESPACE:PORT". */
  readonly key: string
  /** Share of the requests, 0 to 1. */
  readonly share: number
}
