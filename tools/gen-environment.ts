import { writeFileSync } from 'node:fs'
import { renderEnvironmentReference } from '@heddle/proxy/environment-reference'

writeFileSync(new URL('../docs/reference/proxy-environment.md', import.meta.url), renderEnvironmentReference())
