/** Type of an ASiC-E container and the paths of what proves its files, as this product writes them (ETSI EN 319 162-1 clause 4.4). */
export const asicMediaType = 'application/vnd.etsi.asic-e+zip'
/** Names inside a container (ETSI EN 319 162-1, clause 4.4 and annex A.4 to A.7). */
export const asicPaths = {
  manifest: 'META-INF/ASiCManifest001.xml',
  signature: 'META-INF/signature001.p7s',
  archiveManifest: 'META-INF/ASiCArchiveManifest.xml',
  timeStamp: 'META-INF/timestamp001.tst',
} as const
