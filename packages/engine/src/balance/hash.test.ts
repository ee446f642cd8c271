import { expect, test } from 'vitest'
import { hashText, mix32 } from './hash.ts'

test.each([
  { text: '', seed: 0, hash: 0 },
  { text: '', seed: 1, hash: 0x514e_28b7 },
  { text: '', seed: 0xffff_ffff, hash: 0x81f1_6f39 },
])('hashText() of "$text" with seed $seed is that of MurmurHash3', ({ text, seed, hash }) => {
  expect(hashText(text, seed)).toBe(hash)
})

test('hashText() takes each character into account, those beyond ASCII as well', () => {
  const texts = ['a', 'b', 'aa', 'ab', 'ba', 'aaa', 'ä', 'aä', 'äa', 'a\u0000', '\u0000a', '中', '中文']
  expect(new Set(texts.map((text) => hashText(text, 0))).size).toBe(texts.length)
})

test('mix32() gives no two numbers the same image, and half of the bits', () => {
  const images = Array.from({ length: 10_000 }, (_one, value) => mix32(value))
  expect(new Set(images).size).toBe(10_000)
  const bits = images.reduce((sum, image) => sum + image.toString(2).replaceAll('0', '').length, 0)
  expect(Math.abs(bits / 10_000 - 16)).toBeLessThan(0.5)
})
