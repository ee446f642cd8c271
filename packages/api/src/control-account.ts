/** Who a control plane is in its trust domain. On a cluster the namespace is that of the installation, and this one unless told another. */
export const CONTROL_ACCOUNT = { namespace: 'heddle', serviceAccount: 'control-plane' } as const
