import { expect, test } from 'vitest'
import { LiveView } from './live-view.ts'
import { createTerminal } from './terminal.ts'

function world(isTTY: boolean) {
  let text = ''
  const stream = {
    isTTY,
    columns: 10,
    rows: 4,
    write: (chunk: string) => {
      text += chunk
      return true
    },
  }
  return { view: new LiveView(createTerminal(stream, stream, {})), text: () => text }
}

test('LiveView appends where there is no terminal', () => {
  const { view, text } = world(false)
  view.show('a\n')
  view.show('b\n')
  expect(text()).toBe('a\nb\n')
})

test('LiveView goes back over what it showed on a terminal', () => {
  const { view, text } = world(true)
  view.show('a\nb\n')
  view.show('c\n')
  expect(text()).toBe('a\nb\n\u001b[2F\u001b[0Jc\n')
})

test('LiveView shows no more lines and columns than the screen has', () => {
  const { view, text } = world(true)
  view.show('0123456789ABC\n2\n3\n4\n5\n')
  expect(text()).toBe('0123456789\n2\n3\n')
})
