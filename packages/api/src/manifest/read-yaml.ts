import { Composer, CST, type Document, Lexer, type LineCounter, Parser } from 'yaml'

/** Levels of `[` and `{` in each other, and of everything else in a document. */
export const MAX_DEPTH = 64
/** Names, values and list entries. The parser takes some 5 µs for each, and nothing else is done meanwhile. */
const MAX_VALUES = 50_000
/** Each costs as much as several values. */
export const MAX_DOCUMENTS = 10_000
/** Texts of many lines are values of which each line costs. */
const MAX_LINES = 50_000
/** After the first mistakes a parser guesses; what it guessed thousands of times helps nobody. */
const MAX_MISTAKES = 100

const OPTIONS = {
  version: '1.2',
  prettyErrors: false,
  uniqueKeys: false,
  stringKeys: true,
  resolveKnownTags: false,
} as const

/** The documents of a text, or why reading was given up, and at which offset; `undefined`: before it was begun. */
export type YamlReading =
  | { readonly kind: 'read'; readonly documents: readonly Document.Parsed[] }
  | { readonly kind: 'refused'; readonly reason: string; readonly offset: number | undefined }

/**
 * Reads YAML 1.2 in bounded time: what is too much is noticed before it is made into nodes.
 *
 * @param lines - gets the beginning of each line
 * @throws {Error} of the library, for some texts that are no YAML
 */
export function readYaml(text: string, lines: LineCounter): YamlReading {
  if (hasTooManyLines(text)) return { kind: 'refused', reason: `more than ${MAX_LINES} lines`, offset: undefined }
  const usual = Error.stackTraceLimit
  // The library makes an error of each mistake; the stack is what is dear of them, and nobody reads it.
  Error.stackTraceLimit = 0
  try {
    return readBounded(text, lines)
  } finally {
    Error.stackTraceLimit = usual
  }
}

function hasTooManyLines(text: string): boolean {
  let lines = 0
  for (let at = text.indexOf('\n'); at !== -1; at = text.indexOf('\n', at + 1)) lines += 1
  return lines > MAX_LINES
}

function readBounded(text: string, lines: LineCounter): YamlReading {
  const parser = new Parser(lines.addNewLine)
  const composer = new Composer(OPTIONS)
  const documents: Document.Parsed[] = []
  const budget = new Budget()
  lines.addNewLine(0)
  let mistakes = 0
  for (const lexeme of new Lexer().lex(text)) {
    const excess = budget.excessOf(lexeme)
    if (excess !== undefined) return { kind: 'refused', reason: excess, offset: parser.offset }
    for (const token of parser.next(lexeme)) {
      if (token.type === 'error') mistakes += 1
      documents.push(...composer.next(token))
    }
    if (mistakes >= MAX_MISTAKES) break
  }
  for (const token of parser.end()) documents.push(...composer.next(token))
  documents.push(...composer.end())
  return { kind: 'read', documents }
}

/** Counts what makes a text dear, as it comes out of the lexer. */
class Budget {
  #values = 0
  #documents = 0
  #depth = 0
  /** Whether a `:` has a name in front, which was counted. */
  #isNamed = false
  #isScalarNext = false

  /** @returns why no more is to be read, if so */
  excessOf(lexeme: string): string | undefined {
    if (this.#isScalarNext) {
      this.#isScalarNext = false
      return undefined
    }
    switch (CST.tokenType(lexeme)) {
      case 'space':
      case 'comment':
      case 'comma':
      case 'newline':
      case 'doc-mode':
        return undefined
      case 'doc-start':
      case 'doc-end':
        return this.#document()
      case 'flow-map-start':
      case 'flow-seq-start':
        this.#depth += 1
        return this.#depth > MAX_DEPTH ? `more than ${MAX_DEPTH} levels deep` : this.#value(false)
      case 'flow-map-end':
      case 'flow-seq-end':
        this.#depth = Math.max(0, this.#depth - 1)
        this.#isNamed = true
        return undefined
      case 'map-value-ind':
        return this.#isNamed ? this.#named() : this.#value(false)
      case 'scalar':
        this.#isScalarNext = true
        return this.#value(true)
      case 'single-quoted-scalar':
      case 'double-quoted-scalar':
      case 'alias':
        return this.#value(true)
      default:
        return this.#value(false)
    }
  }

  #document(): string | undefined {
    this.#depth = 0
    this.#documents += 1
    return this.#documents > MAX_DOCUMENTS ? `more than ${MAX_DOCUMENTS} documents in one file` : undefined
  }

  #named(): undefined {
    this.#isNamed = false
    return undefined
  }

  #value(mayBeName: boolean): string | undefined {
    this.#isNamed = mayBeName
    this.#values += 1
    return this.#values > MAX_VALUES ? `more than ${MAX_VALUES} values in one file` : undefined
  }
}
