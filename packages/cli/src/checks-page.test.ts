import { expect, test } from 'vitest'
import { renderChecksPage } from './checks-page.ts'
import {
  HA_CATEGORIES,
  INSTALL_CATEGORIES,
  PRE_CATEGORIES,
  PROXY_CATEGORIES,
} from './commands/check/cluster/judge-cluster.ts'
import { CATEGORIES } from './commands/check/judge-mesh.ts'

test('renderChecksPage() has one heading for each check, so that hints lead to it', () => {
  const headings = [...renderChecksPage().matchAll(/^### ([a-z-]+)$/gm)].map((match) => match[1])
  const tables = [CATEGORIES, PRE_CATEGORIES, INSTALL_CATEGORIES, HA_CATEGORIES, PROXY_CATEGORIES]
  const ids = tables.flatMap((table) => table.flatMap(({ checks }) => checks.map(({ id }) => id)))
  expect(new Set(headings)).toEqual(new Set(ids))
  expect(headings).toHaveLength(new Set(ids).size)
})
