import { readFileSync } from 'node:fs'
import { expect, test } from 'vitest'
import own from '../package.json' with { type: 'json' }

test('the Deployments of the demo run the image of this version', () => {
  const text = readFileSync(new URL('../deploy/cluster/deployments.yaml', import.meta.url), 'utf8')
  const images = text.match(/(?<=^ +image: )\S+$/gm)
  expect(new Set(images)).toEqual(new Set([`heddle/demo:${own.version}`]))
})
