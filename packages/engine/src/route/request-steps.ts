import { applyRequestHeaderChange } from './header-change.ts'
import { changePath } from './path-change.ts'
import type { MutableRequest } from './request-facts.ts'
import type { RequestStep } from './route-filters.ts'

/** Changes `request` as the filters of its route say, in their order. Nothing in it can fail. */
export function applyRequestSteps(steps: readonly RequestStep[], request: MutableRequest): void {
  for (const step of steps) {
    if (step.kind === 'headers') {
      applyRequestHeaderChange(step.change, request)
      continue
    }
    const { authority, path } = step.rewrite
    if (authority !== undefined) request.authority = authority
    if (path !== undefined) request.path = changePath(path, request.path)
  }
}
