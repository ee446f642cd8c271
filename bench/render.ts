import { readFileSync, writeFileSync } from 'node:fs'
import { fileURLToPath } from 'node:url'
import { type MachineRecord, readResults, readRows } from './results.ts'
import { formatMemory, formatRatios, formatResults } from './table.ts'

const PAGE = fileURLToPath(new URL('../docs/performance.md', import.meta.url))
const BEGIN = '<!-- results: written by bench/render.ts -->'
const END = '<!-- end of results -->'

/** Puts the tables of the last run into docs/performance.md. */
function main(): void {
  const page = readFileSync(PAGE, 'utf8')
  const [begin, end] = [page.indexOf(BEGIN), page.indexOf(END)]
  if (begin === -1 || end < begin) throw new Error(`${PAGE}: the markers of the results are missing`)
  writeFileSync(PAGE, `${page.slice(0, begin + BEGIN.length)}\n\n${formatSection()}\n${page.slice(end)}`)
}

function formatSection(): string {
  const rows = readRows('latest')
  return `${formatMachine(readResults('machine'))}

CPU per request of Heddle as a share of the others':

${formatRatios(rows)}
Everything that was measured:

${formatResults(rows)}
Memory of one proxy:

${formatMemory(readResults('memory'))}`
}

function formatMachine(machine: MachineRecord): string {
  const versions = Object.entries(machine.versions).map(([name, version]) => `${name} ${version}`)
  return `Measured on ${machine.measured_at.slice(0, 10)}, ${machine.cpus} CPUs (${machine.cpu}), Linux ${machine.kernel};
median of ${machine.rounds} rounds of ${machine.seconds} s. Versions: ${versions.join(', ')}.`
}

main()
