import { measureRoutes } from './engine/routes.ts'

/** What the engine's decisions cost, without sockets: `node bench/engine.ts`, or `bun bench/engine.ts`. */
process.stdout.write('| routes by | number | compile, ms | decide, ns |\n| --- | ---: | ---: | ---: |\n')
measureRoutes(({ shape, routes, compileMs, decideNs }) => {
  process.stdout.write(`| ${shape} | ${routes} | ${compileMs.toFixed(1)} | ${decideNs.toFixed(0)} |\n`)
})
