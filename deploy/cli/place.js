// `place.js FILE`: puts the proxy to FILE and its parts beside it, as packages/proxy/build.ts does in a checkout.
import { copyFileSync, mkdirSync, readdirSync } from 'node:fs'
import { dirname, join } from 'node:path'

try {
  const file = process.argv[2]
  mkdirSync(dirname(file), { recursive: true })
  for (const name of readdirSync(import.meta.dirname)) {
    if (/^proxy-[a-z0-9]+\.js$/.test(name)) copyFileSync(join(import.meta.dirname, name), join(dirname(file), name))
  }
  copyFileSync(join(import.meta.dirname, 'proxy.js'), file)
  process.stdout.write(`${file}\n`)
} catch (error) {
  process.stderr.write(`${error.message}\n`)
  process.exitCode = 1
}
