import { type InstanceRef, instanceKey } from '../model/instance.ts'
import { createKnownReporter, type KnownReporter } from './known-reporter.ts'
import type { Reporter } from './series-facts.ts'

/** Who reports, by instance. */
export class ReporterTable {
  readonly #reporters = new Map<string, KnownReporter>()

  get size(): number {
    return this.#reporters.size
  }

  all(): Iterable<KnownReporter> {
    return this.#reporters.values()
  }

  get(ref: InstanceRef): KnownReporter | undefined {
    return this.byKey(instanceKey(ref))
  }

  /** @param key - `NAMESPACE/INSTANCE` */
  byKey(key: string): KnownReporter | undefined {
    return this.#reporters.get(key)
  }

  set(reporter: KnownReporter): void {
    this.#reporters.set(instanceKey(reporter.reporter), reporter)
  }

  /** What is known of the reporter, with who it says now that it is. @param sinceMs - when one that is new began to count */
  of(reporter: Reporter, sinceMs: number): KnownReporter {
    const known = this.get(reporter)
    if (known !== undefined) {
      known.reporter = reporter
      return known
    }
    const added = createKnownReporter(reporter, sinceMs)
    this.set(added)
    return added
  }

  /** Forgets the others. */
  keepOnly(isKept: (reporter: KnownReporter) => boolean): void {
    for (const [key, reporter] of this.#reporters) if (!isKept(reporter)) this.#reporters.delete(key)
  }

  /** @returns who that was; `undefined`: there is none */
  forgetLongestSilent(): KnownReporter | undefined {
    let longest: KnownReporter | undefined
    for (const reporter of this.#reporters.values()) {
      if (longest === undefined || reporter.lastReportMs < longest.lastReportMs) longest = reporter
    }
    if (longest !== undefined) this.#reporters.delete(instanceKey(longest.reporter))
    return longest
  }
}
