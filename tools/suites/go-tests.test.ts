import { expect, test } from 'vitest'
import { readGoTests } from './go-tests.ts'

const OUTPUT = `=== RUN   TestConformance
    conformance.go:60: Running conformance tests with:
=== RUN   TestConformance/MeshBasic
--- PASS: TestConformance (9.10s)
    --- PASS: TestConformance/MeshBasic (3.52s)
        --- PASS: TestConformance/MeshBasic/Simple_request (0.02s)
=== RUN   TestConformance/MeshSplit
=== RUN   TestConformance/MeshSplit/Requests_are_split
=== NAME  TestConformance/MeshSplit/Requests_are_split
    mesh.go:12: expected echo-v1, got echo-v2
    --- FAIL: TestConformance/MeshSplit (60.00s)
        --- FAIL: TestConformance/MeshSplit/Requests_are_split (60.00s)
    --- SKIP: TestConformance/GatewayModifyListeners (0.00s)
`

test('readGoTests() finds the tests of a suite, what failed in them, and leaves out what was skipped', () => {
  const [basic, split, ...others] = readGoTests(OUTPUT, 'TestConformance')
  expect(basic).toEqual({ name: 'MeshBasic', passed: true, detail: '', tookMs: 3520 })
  expect(split).toMatchObject({ name: 'MeshSplit', passed: false, tookMs: 60_000 })
  expect(split?.detail).toContain('expected echo-v1, got echo-v2')
  expect(others).toEqual([])
})
