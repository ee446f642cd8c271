import { readFileSync } from 'node:fs'
import { expect, test } from 'vitest'
import { renderKubernetesKindsPage, renderWorkloadPage } from './kinds-pages.ts'

test.each([
  { page: 'workload.md', rendered: renderWorkloadPage() },
  { page: 'kubernetes-kinds.md', rendered: renderKubernetesKindsPage() },
])('docs/reference/$page is what `npm run gen` makes of the schemas', ({ page, rendered }) => {
  const written = readFileSync(new URL(`../../../../docs/reference/${page}`, import.meta.url), 'utf8')
  expect(written).toBe(rendered)
})
