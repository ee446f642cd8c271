/** Who says so in a status: everybody keeps the entries of others as they are. */
export const CONTROLLER_NAME = 'heddle.dev/gateway-controller'
