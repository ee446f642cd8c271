/** How the end of a body is told. RFC 9112 §6. `opaque`: there is no message any more, only octets. */
export type Framing = 'none' | 'length' | 'chunked' | 'until-close' | 'opaque'
