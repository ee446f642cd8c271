import { globSync, readFileSync } from 'node:fs'
import { fileURLToPath } from 'node:url'
import { checkDoor, checkFile, type Finding } from './check-house-rules.ts'
import { doorFiles } from './door-files.ts'
import { readOptions } from './read-options.ts'

/**
 * The rules of this house that Biome cannot express (see check-house-rules.ts). With `--sizes`, lists the files above 150
 * lines instead.
 */
const ROOT = fileURLToPath(new URL('..', import.meta.url))
const SOURCES = ['packages/*/src/**/*.ts', 'packages/*/{test,fuzz}/**/*.ts', '{e2e,bench,tools,deploy}/**/*.ts']
const AIM_LINES = 150

const paths = globSync(SOURCES, { cwd: ROOT, exclude: (path) => /(^|\/)(node_modules|gen|\.work)$/.test(path) }).sort()
const doors = doorFiles(ROOT)
const files = paths.map((path) => ({ path, text: readFileSync(`${ROOT}/${path}`, 'utf8') }))

const { sizes } = readOptions('usage: node tools/house-rules.ts [--sizes]', {
  options: { sizes: { type: 'boolean', default: false } },
}).values
if (sizes) listSizes()
else listFindings(files.flatMap((file) => [...checkFile(file), ...(doors.has(file.path) ? checkDoor(file) : [])]))

function listFindings(findings: readonly Finding[]): void {
  for (const { path, line, problem } of findings) process.stderr.write(`${path}:${line}: ${problem}\n`)
  process.exitCode = findings.length === 0 ? 0 : 1
}

function listSizes(): void {
  const long = files
    .map(({ path, text }) => ({ path, lines: text.split('\n').length - 1 }))
    .filter(({ path, lines }) => lines > AIM_LINES && !path.endsWith('.test.ts'))
    .sort((a, b) => b.lines - a.lines)
  for (const { path, lines } of long) process.stdout.write(`${String(lines).padStart(5)} ${path}\n`)
}
