import type { Command } from '../command.ts'
import { up } from './up.ts'

/** Every command, in the order of `heddle --help`. */
export const COMMANDS: readonly Command[] = [up]
