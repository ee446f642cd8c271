import type { Check } from './check.ts'

const OTHER = { 'Some-Other-Header': 'val' }
const ANOTHER = { 'Another-Header': 'another-header-val' }
const SET = { 'X-Header-Set': 'set-overwrites-values' }
const backend = 'echo-v1'

/** Of MeshHTTPRouteRequestHeaderModifier, and of the same filters at a backend. */
export const HEADER_CHECKS: readonly Check[] = [
  { path: '/set', headers: OTHER, seen: { headers: { ...OTHER, ...SET } }, backend },
  {
    path: '/set',
    headers: { ...OTHER, 'X-Header-Set': 'some-other-value' },
    seen: { headers: { ...OTHER, ...SET } },
    backend,
  },
  { path: '/add', headers: OTHER, seen: { headers: { ...OTHER, 'X-Header-Add': 'add-appends-values' } }, backend },
  {
    path: '/add',
    headers: { ...OTHER, 'X-Header-Add': 'some-other-value' },
    seen: { headers: { ...OTHER, 'X-Header-Add': 'some-other-value,add-appends-values' } },
    backend,
  },
  {
    path: '/remove',
    headers: { 'X-Header-Remove': 'val' },
    seen: { headers: {}, without: ['X-Header-Remove'] },
    backend,
  },
  {
    path: '/multiple',
    headers: {
      'X-Header-Set-2': 'set-val-2',
      'X-Header-Add-2': 'add-val-2',
      'X-Header-Remove-2': 'remove-val-2',
      ...ANOTHER,
    },
    seen: {
      headers: {
        'X-Header-Set-1': 'header-set-1',
        'X-Header-Set-2': 'header-set-2',
        'X-Header-Add-1': 'header-add-1',
        'X-Header-Add-2': 'add-val-2,header-add-2',
        'X-Header-Add-3': 'header-add-3',
        ...ANOTHER,
      },
      without: ['X-Header-Remove-1', 'X-Header-Remove-2'],
    },
    backend,
  },
  {
    path: '/case-insensitivity',
    headers: {
      'x-header-set': 'original-val-set',
      'x-header-add': 'original-val-add',
      'x-header-remove': 'original-val-remove',
      ...ANOTHER,
    },
    seen: {
      headers: { 'X-Header-Set': 'header-set', 'X-Header-Add': 'original-val-add,header-add', ...ANOTHER },
      without: ['X-Header-Remove'],
    },
    backend,
  },
]

const BEFORE = { 'X-Header-Remove': 'remove-val', 'X-Header-Add-Append': 'append-val-1', 'X-Header-Set': 'set-val' }
const AFTER = {
  headers: { 'X-Header-Add': 'header-val-1', 'X-Header-Add-Append': 'append-val-1,header-val-2', ...SET },
  without: ['X-Header-Remove'],
}

/** Of MeshHTTPRouteRewritePath. */
export const REWRITE_CHECKS: readonly Check[] = [
  { path: '/prefix/one/two', seen: { path: '/one/two' }, backend },
  { path: '/strip-prefix/three', seen: { path: '/three' }, backend },
  { path: '/strip-prefix', seen: { path: '/' }, backend },
  { path: '/full/one/two', seen: { path: '/one' }, backend },
  {
    path: '/full/rewrite-path-and-modify-headers/test',
    headers: BEFORE,
    seen: { ...AFTER, path: '/test' },
    backend,
  },
  {
    path: '/prefix/rewrite-path-and-modify-headers/one',
    headers: BEFORE,
    seen: { ...AFTER, path: '/prefix/one' },
    backend,
  },
]
