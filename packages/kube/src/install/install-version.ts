import manifest from '../../package.json' with { type: 'json' }

/** Version of Heddle that this is; the images of an installation have it as their tag. */
export const INSTALL_VERSION: string = manifest.version
