import { type PatchStep, splitPointer } from '../src/inject/json-patch.ts'

/** Applies the steps of a JSON patch as RFC 6902 has them, in place where that is possible. */
export function applyPatch(document: unknown, patch: readonly PatchStep[]): unknown {
  return patch.reduce(applyStep, document)
}

function applyStep(document: unknown, step: PatchStep): unknown {
  const steps = [...splitPointer(step.path)]
  const last = steps.pop()
  if (last === undefined) return step.op === 'remove' ? undefined : step.value
  const holder = steps.reduce<unknown>((value, name) => (value as Record<string, unknown>)[name], document)
  if (Array.isArray(holder)) {
    if (step.op === 'remove') holder.splice(Number(last), 1)
    else holder.splice(Number(last), step.op === 'add' ? 0 : 1, step.value)
    return document
  }
  if (step.op === 'remove') delete (holder as Record<string, unknown>)[last]
  else Object.defineProperty(holder, last, { value: step.value, enumerable: true, configurable: true, writable: true })
  return document
}
