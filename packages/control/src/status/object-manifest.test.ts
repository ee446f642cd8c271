import { readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { parseManifests } from '@heddle/api/manifest'
import { formatProblem } from '@heddle/api/manifest/problem'
import { stringifyManifest } from '@heddle/api/manifest/stringify'
import { expect, test } from 'vitest'
import { toManifest, toManifestWithStatus } from './object-manifest.ts'

const TESTDATA = join(import.meta.dirname, '../translate/testdata')
const names = readdirSync(TESTDATA).sort()

/** Everything but the last document, which is a question. */
function objectsIn(name: string) {
  const text = readFileSync(join(TESTDATA, name, 'in.yaml'), 'utf8')
  return parseManifests([{ path: 'in.yaml', text: text.slice(0, text.lastIndexOf('\n---\n') + 1) }]).objects
}

test.each(names.map((name) => ({ name })))('what is shown of $name is read as the same objects', ({ name }) => {
  const objects = objectsIn(name)
  const conditions = [
    { index: 0, about: '', type: 'Accepted', status: 'True', reason: 'Accepted', message: '' },
  ] as const
  for (const show of [toManifest, (object: (typeof objects)[number]) => toManifestWithStatus(object, conditions)]) {
    const text = objects.map((object) => stringifyManifest(show(object))).join('---\n')
    const again = parseManifests([{ path: 'out.yaml', text }])
    const errors = again.problems.filter(({ severity }) => severity === 'error')
    expect(errors.map(formatProblem)).toEqual([])
    expect(again.objects).toEqual(objects)
  }
})
