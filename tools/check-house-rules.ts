/** A place where a rule of this house is broken. */
export interface Finding {
  readonly path: string
  readonly line: number
  readonly problem: string
}

export interface SourceFile {
  /** From the root of the repository. */
  readonly path: string
  readonly text: string
}

interface LineRule {
  /** Which files it is about. */
  readonly appliesTo: RegExp
  readonly exceptIn: readonly string[]
  readonly pattern: RegExp
  readonly problem: string
}

const PRODUCT = /^packages\/(?!demo\/|testkit\/)[a-z]+\/src\/(?!.*\.test\.ts$)/

const LINE_RULES: readonly LineRule[] = [
  {
    appliesTo: PRODUCT,
    exceptIn: [
      'packages/base/src/clock.ts', // where time comes from
      'packages/base/src/log.ts', // its default; the callers hand their clock in
      'packages/control/src/state/state-lock.ts', // beside the time of a file, which no clock of ours sets
    ],
    pattern: /(?<![.\w])(?:setTimeout|setInterval)\(|\bDate\.now\(|\bperformance\.now\(/,
    problem: 'time comes through Clock, so that tests can turn it',
  },
  {
    appliesTo: /^packages\//,
    exceptIn: [],
    pattern: /(?:from|import\()\s*'(?:\.\.\/)+(?:packages\/)?[a-z]+\/src\//,
    problem: 'another package is entered by its doors (@heddle/NAME/DOOR), not by its files',
  },
  {
    appliesTo: /\.ts$/,
    exceptIn: ['tools/check-house-rules.ts', 'tools/check-house-rules.test.ts'],
    pattern: /@ts-(?:ignore|nocheck)|\b(?:TODO|FIXME|XXX)\b/,
    problem: 'finish it, or describe it in an issue',
  },
]

const DECLARATION =
  /^export (?:declare )?(?:abstract )?(?:async )?(interface|type|class|(?:async )?function\*?|const|let|enum) (\w+)/
/** A name and a type or value beside it, both on one line, may say it all. */
const ONE_LINE = /^export (?:type|const) (?!.*=>).*[^{([,|&=]$/

/**
 * What the file of a package's door exports is read by people who do not read the file, so it has a doc comment; only aliases and
 * constants of one line may do without. Of overloads the first one has it.
 */
export function checkDoor({ path, text }: SourceFile): readonly Finding[] {
  const lines = text.split('\n')
  const seen = new Set<string>()
  return lines.flatMap((line, index) => {
    const name = DECLARATION.exec(line)?.[2]
    if (name === undefined || seen.has(name)) return []
    seen.add(name)
    const isDocumented = lines[index - 1]?.trimEnd().endsWith('*/') === true
    if (isDocumented || isWholeOnOneLine(line, lines[index + 1])) return []
    return [{ path, line: index + 1, problem: `${name} needs a doc comment: what its name and type do not say` }]
  })
}

function isWholeOnOneLine(line: string, next: string | undefined): boolean {
  return ONE_LINE.test(line) && !/^\s/.test(next ?? '')
}

/** Names that say nothing about what is inside. */
const EMPTY_NAMES = /(?:^|[/-])(?:utils?|helpers?|common|misc|manager|impl)(?:[./-]|$)/

/** What one file does against the rules that Biome has no words for. */
export function checkFile(file: SourceFile): readonly Finding[] {
  const findings: Finding[] = []
  if (EMPTY_NAMES.test(file.path)) {
    findings.push({ path: file.path, line: 1, problem: 'a file is named after what it exports' })
  }
  const rules = LINE_RULES.filter((rule) => rule.appliesTo.test(file.path) && !rule.exceptIn.includes(file.path))
  for (const [index, text] of file.text.split('\n').entries()) {
    for (const { pattern, problem } of rules) {
      if (pattern.test(text)) findings.push({ path: file.path, line: index + 1, problem })
    }
  }
  return findings
}
