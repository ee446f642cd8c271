import { expect, test } from 'vitest'
import { runSteps, type Step } from './steps.ts'

function node(name: string, code: string): Step {
  return { name, command: process.execPath, args: ['-e', code] }
}

test('runSteps() runs all of them whatever fails, and keeps what they said', async () => {
  const ended: string[] = []
  const steps = [
    node('good', 'console.log("fine")'),
    node('bad', 'console.error("broken"); process.exit(3)'),
    { name: 'missing', command: '/no/such/program', args: [] },
    node('killed', 'process.kill(process.pid, "SIGKILL")'),
  ]
  const results = await runSteps(steps, 2, ({ name }) => ended.push(name))
  expect(ended).toHaveLength(4)
  expect(Object.fromEntries(results.map(({ name, succeeded }) => [name, succeeded]))).toEqual({
    good: true,
    bad: false,
    missing: false,
    killed: false,
  })
  const outputs = new Map(results.map(({ name, output }) => [name, output]))
  expect(outputs.get('good')).toBe('fine\n')
  expect(outputs.get('bad')).toBe('broken\n')
  expect(outputs.get('missing')).toContain('ENOENT')
})
