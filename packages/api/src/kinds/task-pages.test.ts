import { existsSync, readdirSync, readFileSync } from 'node:fs'
import { describe, expect, test } from 'vitest'
import { type ManifestFile, parseManifests } from '../manifest/parse-manifests.ts'
import { formatProblem } from '../manifest/problem.ts'

const REPOSITORY = new URL('../../../../', import.meta.url)
const TASKS = new URL('docs/tasks/', REPOSITORY)
const DEMO = new URL('packages/demo/deploy/local/', REPOSITORY)

const pages = readdirSync(TASKS).filter((name) => name.endsWith('.md'))
const demo = readdirSync(DEMO).flatMap((name) => documentsOf(readFileSync(new URL(name, DEMO), 'utf8')))

/** What a reader is told to do: to write manifests, or to delete objects. */
type Step = { readonly kind: 'apply'; readonly yaml: string } | { readonly kind: 'delete'; readonly refs: string[] }

describe.each(pages.map((page) => ({ page, text: readFileSync(new URL(page, TASKS), 'utf8') })))('$page', (one) => {
  const { page, text } = one
  const steps = stepsOf(text)

  test.runIf(steps.length > 0)('has manifests that are right, one after another, in the demo', () => {
    let documents: readonly string[] = demo
    for (const step of steps) {
      documents = step.kind === 'apply' ? applied(documents, documentsOf(step.yaml)) : deleted(documents, step.refs)
      const { problems } = parseManifests(documents.map(toFile))
      expect(problems.map(formatProblem), JSON.stringify(step)).toEqual([])
    }
  })

  test('is named in docs/README.md, and leads nowhere that is not', () => {
    expect(readFileSync(new URL('docs/README.md', REPOSITORY), 'utf8')).toContain(`(tasks/${page})`)
    const targets = [...text.matchAll(/\]\((?!https?:)([^)#]+)/g)].map(([, target = '']) => target)
    expect(targets.filter((target) => !existsSync(new URL(target, TASKS)))).toEqual([])
  })
})

function stepsOf(text: string): readonly Step[] {
  const found = text.matchAll(/```yaml\n(apiVersion:.*?)```|^\$ heddle delete (\w.*?) -n/gms)
  return [...found].map(([, yaml, refs = '']) =>
    yaml === undefined ? { kind: 'delete', refs: refs.split(' ') } : { kind: 'apply', yaml },
  )
}

function documentsOf(yaml: string): readonly string[] {
  return yaml.split(/^---$/m)
}

/** As `heddle apply` does: what has the kind and the name of an object takes its place. */
function applied(before: readonly string[], changes: readonly string[]): readonly string[] {
  const changed = new Set(changes.map(refOf))
  return [...before.filter((document) => !changed.has(refOf(document))), ...changes]
}

/** As `heddle delete` does. */
function deleted(before: readonly string[], refs: readonly string[]): readonly string[] {
  const after = before.filter((document) => !refs.includes(refOf(document).toLowerCase()))
  expect(before.length - after.length, `deletes ${refs.join(' ')}`).toBe(refs.length)
  return after
}

function refOf(document: string): string {
  const [, kind] = /^kind: (\w+)$/m.exec(document) ?? []
  const [, name] = /^metadata:\s*(?:\{ )?name: ([\w-]+)/m.exec(document) ?? []
  return `${kind}/${name}`
}

function toFile(text: string, index: number): ManifestFile {
  return { path: `document-${index}.yaml`, text }
}
