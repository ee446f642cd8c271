/** One case of the Gateway API's own mesh suite, as its source says. */
export interface SuiteCase {
  /** Such as `MeshHTTPRouteWeight`. */
  readonly name: string
  /** Names of the files that it applies. */
  readonly manifests: readonly string[]
  /** Such as `HTTPRoute` or `MeshConsumerRoute`. */
  readonly features: readonly string[]
}

/** Reads the cases that a Go file of the suite defines. */
export function readSuiteCases(source: string): readonly SuiteCase[] {
  const [, ...definitions] = source.split(/= suite\.ConformanceTest\{/)
  return definitions.map((text) => {
    const manifests = /Manifests:\s*\[\]string\{([^}]*)\}/.exec(text)?.[1] ?? ''
    const features = /Features:\s*\[\]features\.FeatureName\{([^}]*)\}/.exec(text)?.[1] ?? ''
    return {
      name: /ShortName:\s*"([^"]*)"/.exec(text)?.[1] ?? '',
      manifests: [...manifests.matchAll(/"[^"]*?([^"/]+)"/g)].map(([, name = '']) => name),
      features: [...features.matchAll(/features\.Support(\w+)/g)].map(([, name = '']) => name),
    }
  })
}
