import type { Check } from './check.ts'

/** Of MeshHTTPRouteMatching. */
export const MATCHING_CHECKS: readonly Check[] = [
  leadsTo('echo-v1', '/'),
  leadsTo('echo-v1', '/example'),
  leadsTo('echo-v1', '/', { Version: 'one' }),
  leadsTo('echo-v2', '/v2'),
  leadsTo('echo-v2', '/v2/example'),
  leadsTo('echo-v2', '/', { Version: 'two' }),
  leadsTo('echo-v2', '/v2/'),
  // A prefix ends where an element of the path ends.
  leadsTo('echo-v1', '/v2example'),
  leadsTo('echo-v1', '/foo/v2/example'),
]

/** Of MeshHTTPRouteQueryParamMatching. */
export const QUERY_CHECKS: readonly Check[] = [
  leadsTo('echo-v1', '/?animal=whale'),
  leadsTo('echo-v2', '/?animal=dolphin'),
  leadsTo('echo-v1', '/?animal=whale&otherparam=irrelevant'),
  leadsTo('echo-v2', '/?animal=dolphin&color=yellow'),
  leadsNowhere('/?color=blue'),
  leadsNowhere('/?animal=dog'),
  leadsNowhere('/?animal=whaledolphin'),
  leadsNowhere('/'),
  // With a path, or a header, which together are the more specific match.
  leadsTo('echo-v1', '/path1?animal=whale'),
  leadsTo('echo-v2', '/?animal=whale', { version: 'one' }),
  // Either match of a rule will do.
  leadsTo('echo-v1', '/path3?animal=shark'),
  leadsTo('echo-v1', '/path4?animal=kraken', { version: 'three' }),
  // But no part of one.
  leadsNowhere('/?animal=shark'),
  leadsNowhere('/path4?animal=kraken'),
  // A path counts more than a query parameter.
  leadsTo('echo-v1', '/path5?animal=hydra'),
]

function leadsTo(backend: string, path: string, headers: Readonly<Record<string, string>> = {}): Check {
  return { path, headers, backend }
}

function leadsNowhere(path: string): Check {
  return { path, status: 404 }
}
