/** Version of the module contract that this host offers; manifests name the range they were written for (`^1`). */
export const hostVersion = '1.0.0'
