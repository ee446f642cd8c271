import type { InstallValues } from './install-values.ts'
import { INSTALL_VERSION } from './install-version.ts'

/** The whole name of one of the images, such as `registry.example/heddle/proxy:1.2.3`. */
export function imageOf(
  image: 'control' | 'proxy',
  { image: { registry, tag } }: Pick<InstallValues, 'image'>,
): string {
  return `${registry === '' ? '' : `${registry}/`}heddle/${image}:${tag || INSTALL_VERSION}`
}
