import type { Cors } from './cors.ts'
import type { HeaderChange } from './header-change.ts'
import type { Mirror } from './mirror.ts'
import type { PathChange } from './path-change.ts'
import type { Redirect } from './redirect.ts'

/** Another host or path for the request on its way to the backend. */
export interface Rewrite {
  /** Replaces Host or `:authority` as a whole; `undefined`: stays. */
  readonly authority: string | undefined
  readonly path: PathChange | undefined
}

/** A change of the request before it goes on, in the order of the route's filters. */
export type RequestStep =
  | { readonly kind: 'headers'; readonly change: HeaderChange }
  | { readonly kind: 'rewrite'; readonly rewrite: Rewrite }

/** The filters of a rule, or of a rule and the backend that was drawn; compiled once. */
export interface RouteFilters {
  readonly requestSteps: readonly RequestStep[]
  readonly responseHeaders: readonly HeaderChange[]
  /** Answers the request; nothing goes to a backend. */
  readonly redirect: Redirect | undefined
  readonly mirrors: readonly Mirror[]
  readonly cors: Cors | undefined
}
