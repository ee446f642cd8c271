/**
 * What one try at an endpoint says of that endpoint. `throttled`: it is well, but has too much to do; `none`: nothing, the
 * client went away or the try was given up for reasons of our own.
 */
export type EndpointOutcome = 'success' | 'failure' | 'throttled' | 'none'
