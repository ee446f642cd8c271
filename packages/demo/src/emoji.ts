import { startEmoji } from './emoji-server.ts'
import { readListenAddress } from './environment.ts'
import { runUntilSignal } from './running.ts'

await runUntilSignal('emoji', async () => startEmoji(readListenAddress(process.env)))
