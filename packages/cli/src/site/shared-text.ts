import { chmod, rename, writeFile } from 'node:fs/promises'

/** A file that everybody may read at any time, and finds whole. */
export class SharedText {
  readonly #file: string
  #written: Promise<void> = Promise.resolve()

  constructor(file: string) {
    this.#file = file
  }

  /** One after the other: those that start at the same moment bring it all at once, and would take each other's file away. */
  write(text: string): Promise<void> {
    const written = this.#written.then(() => replace(this.#file, text))
    this.#written = written.catch(() => {})
    return written
  }
}

async function replace(file: string, text: string): Promise<void> {
  const unfinished = `${file}.new`
  await writeFile(unfinished, text)
  await chmod(unfinished, 0o644)
  await rename(unfinished, file)
}
