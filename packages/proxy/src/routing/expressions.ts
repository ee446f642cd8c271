import type { RegexCompiler } from '@heddle/engine/route/field-match'

/**
 * Support for regular expressions, loaded when the first route has one: most proxies never need it, and it takes more memory
 * than all of their tables.
 */
export class Expressions {
  #compiler: RegexCompiler | undefined
  #loading: Promise<RegexCompiler> | undefined

  /** `undefined` until it was loaded. */
  get compiler(): RegexCompiler | undefined {
    return this.#compiler
  }

  /** Resolves at once where it was loaded before. */
  load(): Promise<RegexCompiler> {
    this.#loading ??= this.#load()
    return this.#loading
  }

  async #load(): Promise<RegexCompiler> {
    const { compileRegex } = await import('@heddle/engine/route/regex')
    this.#compiler = compileRegex
    return compileRegex
  }
}
