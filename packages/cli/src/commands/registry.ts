import type { Command } from '../command.ts'

/** Every command, in the order of `heddle --help`. */
export const COMMANDS: readonly Command[] = []
