import type { MirrorJson } from '@heddle/api/discovery/route'

/** A copy of some requests for another backend, whose answers nobody sees. */
export interface Mirror {
  /** Key of the destination: "name:SERVICE.NAMESPACE:PORT". */
  readonly key: string
  /** Share of the requests, 0 to 1. */
  readonly share: number
}

/**
 * Compiles a RequestMirror filter. `undefined` where there is nothing behind it: such a mirror is dropped, and the route's status
 * says why (Gateway API, HTTPRequestMirrorFilter.backendRef).
 */
export function compileMirror({ backend, numerator = 0, denominator = 0 }: MirrorJson): Mirror | undefined {
  const key = backend?.key ?? ''
  if (key === '' || (backend?.unresolved ?? '') !== '') return undefined
  return { key, share: denominator === 0 ? 1 : Math.min(1, numerator / denominator) }
}

/** Whether this request is copied to `mirror`; each mirror is drawn for itself. */
export function isMirrored(mirror: Mirror, random: () => number): boolean {
  return mirror.share >= 1 || (mirror.share > 0 && random() < mirror.share)
}
