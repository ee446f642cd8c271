import { expect, test } from 'vitest'
import { proxyFor } from './proxy-for.ts'

const PROXY = 'http://proxy:3128'

test.each([
  { server: 'https://10.1.2.3:6443', except: '', proxy: PROXY },
  { server: 'https://10.1.2.3:6443', except: '10.1.2.0/24', proxy: undefined },
  { server: 'https://10.1.2.3:6443', except: '10.1.2.3', proxy: undefined },
  { server: 'https://10.1.2.3:6443', except: '10.9.0.0/16,192.168.0.0/999', proxy: PROXY },
  { server: 'https://[fd00::1]:6443', except: 'fd00::/8', proxy: undefined },
  { server: 'https://api.example.com', except: 'example.com', proxy: undefined },
  { server: 'https://api.example.com', except: '.example.com', proxy: undefined },
  { server: 'https://api.example.com', except: '*.example.com', proxy: undefined },
  { server: 'https://badexample.com', except: 'example.com', proxy: PROXY },
  { server: 'https://api.example.com', except: '*', proxy: undefined },
  { server: 'https://localhost:6443', except: '', proxy: undefined },
  { server: 'https://127.0.0.1:6443', except: '', proxy: undefined },
  { server: 'http://10.1.2.3:8080', except: '', proxy: undefined },
])('proxyFor() gives $proxy for $server except $except', ({ server, except, proxy }) => {
  expect(proxyFor(server, { HTTPS_PROXY: PROXY, NO_PROXY: except })).toBe(proxy)
})
